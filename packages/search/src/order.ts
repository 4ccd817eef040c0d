import { canonicalJson } from '@trawl/spec';
import type { Direction, Params, ParamValue } from '@trawl/spec';

/** Negative where `a` is better. */
export function byMetric(direction: Direction): (a: number, b: number) => number {
  return direction === 'min' ? (a, b) => a - b : (a, b) => b - a;
}

/** Ties go to the smaller point, axis by axis: numbers by size, before anything else by its JSON. */
export function comparePoints(a: Params, b: Params, axes: readonly string[]): number {
  for (const axis of axes) {
    const order = compareValues(a[axis] ?? null, b[axis] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

export function compareValues(a: ParamValue, b: ParamValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'number') return -1;
  if (typeof b === 'number') return 1;
  return compareTexts(canonicalJson(a), canonicalJson(b));
}

/** By UTF-16 code units: the same on every machine, unlike a locale's order. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
