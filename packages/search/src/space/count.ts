import { canonicalJson } from '@trawl/spec';
import type { Params, Space } from '@trawl/spec';
import { groupsOf } from './groups.js';
import type { Group } from './groups.js';

/** Distinct ways in which excluded points may still match; beyond this the count stops subtracting. */
const MAX_STATES = 10_000;

/**
 * How many cells a space has, without writing them out: 10^9 are counted at once. Exact, except that a space whose
 * excluded points overlap in more than 10,000 ways counts as if nothing were excluded.
 */
export function countCells(space: Space): number {
  const groups = groupsOf(space);
  const product = groups.reduce((cells, { size }) => cells * size, 1);
  return product === 0 || space.exclude.length === 0 ? product : product - (countExcluded(groups, space.exclude) ?? 0);
}

/**
 * Cells that match at least one excluded point. Group by group, prefixes of cells are sorted by which excluded points
 * they may still match; all prefixes that may match the same ones are one state.
 */
function countExcluded(groups: readonly Group[], exclude: readonly Params[]): number | null {
  let states = new Map<string, { alive: number[]; prefixes: number }>();
  states.set('', { alive: exclude.map((_, i) => i), prefixes: 1 });
  for (const group of groups) {
    const next: typeof states = new Map();
    for (const { alive, prefixes } of states.values()) {
      for (const [matched, entries] of entriesByMatch(group, exclude, alive)) {
        const key = matched.join();
        const state = next.get(key) ?? { alive: matched, prefixes: 0 };
        state.prefixes += prefixes * entries;
        next.set(key, state);
      }
    }
    if (next.size > MAX_STATES) return null;
    states = next;
  }
  return [...states.values()].reduce((sum, { prefixes }) => sum + prefixes, 0);
}

/** How many entries of a group match which of the points alive; those that match none are left out. */
function entriesByMatch(group: Group, exclude: readonly Params[], alive: readonly number[]): [number[], number][] {
  const silent = alive.filter((i) => !group.keys.some((key) => Object.hasOwn(exclude[i] ?? {}, key)));
  if (silent.length === alive.length) return [[silent, group.size]];
  const byMatch = new Map<string, [number[], number]>();
  for (let at = 0; at < group.size; at += 1) {
    const entry = group.entry(at);
    const matched = alive.filter((i) => agrees(entry, exclude[i] ?? {}));
    if (matched.length === 0) continue;
    const key = matched.join();
    const before = byMatch.get(key);
    if (before === undefined) byMatch.set(key, [matched, 1]);
    else before[1] += 1;
  }
  return [...byMatch.values()];
}

/** Whether the keys that an entry and an excluded point share have equal values. */
function agrees(entry: Params, excluded: Params): boolean {
  return Object.entries(entry).every(
    ([key, value]) => !Object.hasOwn(excluded, key) || canonicalJson(excluded[key]) === canonicalJson(value),
  );
}

/** Tells whether a whole point matches every key of an excluded one. */
export function excluder(exclude: readonly Params[]): (point: Params) => boolean {
  const rows = exclude.map((excluded) =>
    Object.entries(excluded).map(([key, value]) => [key, canonicalJson(value)] as const),
  );
  if (rows.length === 0) return () => false;
  return (point) => {
    const texts = new Map(Object.entries(point).map(([key, value]) => [key, canonicalJson(value)]));
    return rows.some((row) => row.every(([key, text]) => texts.get(key) === text));
  };
}
