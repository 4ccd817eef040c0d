import type { Distribution, WireNumber } from '@trawl/spec';
import { fromWire } from '@trawl/spec';

/** Four significant digits; exponents only where plain digits would not fit. */
export function number(value: WireNumber | null): string {
  if (value === null) return '-';
  const x = fromWire(value);
  if (!Number.isFinite(x)) return String(x);
  if (Number.isInteger(x) && Math.abs(x) < 1e6) return String(x);
  const size = Math.abs(x);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? x.toExponential(3) : x.toPrecision(4);
}

/** `0.123 [0.101, 0.145] n=5`. */
export function distribution(d: Distribution | null): string {
  if (d === null || d.n === 0) return '-';
  const interval = d.interval === null ? '' : ` [${number(d.interval[0])}, ${number(d.interval[1])}]`;
  return `${number(d.mean)}${interval} n=${d.n}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `12 B`, `1.5 GB`: powers of 1000. */
export function bytes(n: number): string {
  let power = 0;
  while (n >= 999.5 * 1000 ** power && power < UNITS.length - 1) power += 1;
  const value = n / 1000 ** power;
  return `${power === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

/** `alpha=50 beta=1`. */
export function point(values: Record<string, unknown>): string {
  const parts = Object.entries(values).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return parts.length === 0 ? '(one cell)' : parts.join(' ');
}

/** `1 h 02 min`, `3 min 20 s`, `12 s`. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`;
  return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')} min`;
}
