import type { Params, Space } from '@trawl/spec';
import { drawPoints } from './draws.js';

/** Keys that take their values together. A space is the product of its groups, without what is excluded. */
export interface Group {
  keys: string[];
  size: number;
  /** What entry `i` sets, 0 <= i < size. */
  entry(i: number): Params;
}

/** In the order of the cells: the first group changes slowest. */
export function groupsOf(space: Space): Group[] {
  const groups: Group[] = Object.entries(space.grid).map(([key, values]) => ({
    keys: [key],
    size: values.length,
    entry: (i) => ({ [key]: values[i] ?? null }),
  }));
  const zipped = Object.entries(space.zip);
  if (zipped.length > 0) {
    groups.push({
      keys: zipped.map(([key]) => key),
      size: Math.min(...zipped.map(([, values]) => values.length)),
      entry: (i) => Object.fromEntries(zipped.map(([key, values]) => [key, values[i] ?? null])),
    });
  }
  if (space.cells.length > 0) {
    groups.push({
      keys: [...new Set(space.cells.flatMap(Object.keys))],
      size: space.cells.length,
      entry: (i) => space.cells[i] ?? {},
    });
  }
  const { random } = space;
  if (random !== null) {
    let drawn: Params[] | null = null;
    groups.push({
      keys: Object.keys(random.space),
      size: random.n,
      entry: (i) => (drawn ??= drawPoints(random))[i] ?? {},
    });
  }
  return groups;
}

/** Names of what a space varies, in the order of its groups. */
export function axesOf(space: Space): string[] {
  return groupsOf(space).flatMap(({ keys }) => keys);
}
