import { canonicalJson } from '@trawl/spec';
import type { Params, Space } from '@trawl/spec';
import { groupsOf } from './groups.js';
import type { Group } from './groups.js';

/** Work beyond which a count gives up on exclusions; a grid of 10^9 cells without some of its planes takes 10^5. */
const MAX_STEPS = 20_000_000;

/**
 * How many cells a space has, without writing them out: 10^9 are counted at once. Exact, except that a space
 * whose excluded points overlap in too many ways counts as if nothing were excluded.
 */
export function countCells(space: Space): number {
  const groups = groupsOf(space);
  const product = groups.reduce((cells, { size }) => cells * size, 1);
  const keys = new Set(groups.flatMap((group) => group.keys));
  // A point that names what is not varied matches nothing.
  const exclude = space.exclude.filter((point) => Object.keys(point).every((key) => keys.has(key)));
  return product === 0 || exclude.length === 0 ? product : product - (countExcluded(groups, exclude) ?? 0);
}

/**
 * Cells that match at least one excluded point. Group by group, prefixes of cells are sorted by which excluded points
 * they may still match; all prefixes that may match the same ones are one state.
 */
function countExcluded(groups: readonly Group[], exclude: readonly Params[]): number | null {
  let steps = 0;
  let states = new Map<string, { alive: number[]; prefixes: number }>();
  states.set('', { alive: exclude.map((_, i) => i), prefixes: 1 });
  for (const group of groups) {
    steps += states.size * group.size;
    if (steps > MAX_STEPS) return null;
    const next: typeof states = new Map();
    for (const { alive, prefixes } of states.values()) {
      for (const [matched, entries] of entriesByMatch(group, exclude, alive)) {
        const key = matched.join();
        const state = next.get(key) ?? { alive: matched, prefixes: 0 };
        state.prefixes += prefixes * entries;
        next.set(key, state);
      }
    }
    states = next;
  }
  return [...states.values()].reduce((sum, { prefixes }) => sum + prefixes, 0);
}

/** How many entries of a group match which of the points alive; those that match none are left out. */
function entriesByMatch(group: Group, exclude: readonly Params[], alive: readonly number[]): [number[], number][] {
  const lookups = lookupsOf(group, exclude, alive);
  const silent = alive.filter((i) => !group.keys.some((key) => Object.hasOwn(exclude[i] ?? {}, key)));
  if (lookups.length === 0) return silent.length === 0 ? [] : [[silent, group.size]];
  const byMatch = new Map<string, [number[], number]>();
  for (let at = 0; at < group.size; at += 1) {
    const entry = group.entry(at);
    const met = lookups.flatMap(({ keys, points }) => points.get(textOf(entry, keys)) ?? []);
    const matched = [...silent, ...met].sort((a, b) => a - b);
    if (matched.length === 0) continue;
    const key = matched.join();
    const before = byMatch.get(key);
    if (before === undefined) byMatch.set(key, [matched, 1]);
    else before[1] += 1;
  }
  return [...byMatch.values()];
}

/**
 * The points alive that say something of a group, by the keys of it that they name and by their values: an entry then
 * finds what it matches without going through them all.
 */
function lookupsOf(
  group: Group,
  exclude: readonly Params[],
  alive: readonly number[],
): { keys: string[]; points: Map<string, number[]> }[] {
  const lookups = new Map<string, { keys: string[]; points: Map<string, number[]> }>();
  for (const i of alive) {
    const excluded = exclude[i] ?? {};
    const keys = group.keys.filter((key) => Object.hasOwn(excluded, key));
    if (keys.length === 0) continue;
    const name = canonicalJson(keys);
    const lookup = lookups.get(name) ?? { keys, points: new Map<string, number[]>() };
    const text = textOf(excluded, keys);
    lookup.points.set(text, [...(lookup.points.get(text) ?? []), i]);
    lookups.set(name, lookup);
  }
  return [...lookups.values()];
}

const textOf = (point: Params, keys: readonly string[]): string => canonicalJson(keys.map((key) => point[key] ?? null));

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
