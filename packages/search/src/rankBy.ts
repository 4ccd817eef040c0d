import { canonicalJson } from '@trawl/spec';
import type { ParamValue, RankedCell } from '@trawl/spec';
import { compareValues } from './order.js';

/**
 * For each value of a parameter its best cell, ranked anew among these; of a value none of whose cells has a rank, the
 * first. Cells that do not vary the parameter are left out.
 */
export function rankBy(ranked: readonly RankedCell[], parameter: string): RankedCell[] {
  const best = new Map<string, RankedCell>();
  for (const cell of inOrder(ranked)) {
    const value = cell.point[parameter];
    if (value === undefined) continue;
    const key = canonicalJson(value);
    if (!best.has(key)) best.set(key, cell);
  }
  return [...best.values()].map((cell, i) => (cell.rank === null ? cell : { ...cell, rank: i + 1 }));
}

/** Best first; those without rank last. */
export function inOrder(ranked: readonly RankedCell[]): RankedCell[] {
  return ranked.toSorted((a, b) => (a.rank ?? Number.POSITIVE_INFINITY) - (b.rank ?? Number.POSITIVE_INFINITY) || 0);
}

/** Best cells of each value of a parameter that have a rank, by value. */
export function bestPerValue(ranked: readonly RankedCell[], parameter: string): { value: number; cell: RankedCell }[] {
  return rankBy(ranked, parameter)
    .filter(({ rank }) => rank !== null)
    .flatMap((cell) => {
      const value: ParamValue | undefined = cell.point[parameter];
      return typeof value === 'number' ? [{ value, cell }] : [];
    })
    .toSorted((a, b) => compareValues(a.value, b.value));
}
