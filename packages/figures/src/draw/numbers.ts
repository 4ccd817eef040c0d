import type { ParamValue } from '@trawl/spec';

const MINUS = '−';
const signed = (text: string): string => text.replaceAll('-', MINUS);

/** Three significant digits, for people. */
export function brief(x: number): string {
  if (Number.isNaN(x)) return 'NaN';
  if (!Number.isFinite(x)) return x > 0 ? '∞' : `${MINUS}∞`;
  if (x === 0) return '0';
  const size = Math.abs(x);
  if (size >= 1e5 || size < 1e-3) return signed(x.toExponential(1).replace('e+', 'e'));
  if (Number.isInteger(x)) return signed(String(x));
  return signed(String(Number(x.toPrecision(3))));
}

/** Labels of ticks: as many digits as tell them apart, all alike. */
export function tickLabels(ticks: readonly number[]): string[] {
  const [first = 0, second = first] = ticks;
  const step = Math.abs(second - first);
  const largest = Math.max(...ticks.map(Math.abs), 0);
  if (largest === 0) return ticks.map(brief);
  if (largest >= 1e5 || largest < 1e-3) {
    const digits = step === 0 ? 1 : Math.max(0, Math.floor(Math.log10(largest)) - Math.floor(Math.log10(step) + 1e-9));
    return ticks.map((tick) => (tick === 0 ? '0' : signed(tick.toExponential(Math.min(6, digits)).replace('e+', 'e'))));
  }
  if (step === 0) return ticks.map(brief);
  const digits = Math.min(8, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return ticks.map((tick) => signed(tick.toFixed(digits)));
}

/** A parameter's value as it stands in a spec, numbers short. */
export function valueText(value: ParamValue | undefined): string {
  if (value === undefined) return '–';
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 1e5 ? String(value) : brief(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `3 runs`, `1 run`. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
