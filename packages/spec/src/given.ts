import { isPlainObject } from './canonical.js';

const MAX_TEXT = 120;
const MAX_ITEMS = 8;

/** A value as a fault shows it: JSON, and short whatever was sent. */
export function shortGiven(value: unknown): unknown {
  if (typeof value === 'string') return cut(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value === 'boolean') return value;
  if (Array.isArray(value)) {
    if (value.length <= MAX_ITEMS && fits(value)) return value.map(shortGiven);
    return cut(`a list of ${value.length}: ${preview(value.slice(0, MAX_ITEMS))}`);
  }
  if (isPlainObject(value)) {
    return fits(value) ? value : cut(`an object with keys ${Object.keys(value).slice(0, 20).join(', ')}`);
  }
  return `a ${typeof value}`;
}

/** Whether JSON holds it as it is, in few characters. */
function fits(value: object): boolean {
  const text = preview(value);
  return text.length <= MAX_TEXT && !text.includes('…');
}

function preview(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'number' && !Number.isFinite(inner) ? `${inner}…` : inner,
  );
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
