import type { Params, Space } from '@trawl/spec';
import { excluder } from './count.js';
import { groupsOf } from './groups.js';
import type { Group } from './groups.js';

/** All points of a space in order. */
export function* pointsOf(space: Space): Generator<Params> {
  const groups = groupsOf(space);
  const total = sizeOf(groups);
  const isExcluded = excluder(space.exclude);
  for (let index = 0; index < total; index += 1) {
    const point = pointAt(groups, index);
    if (!isExcluded(point)) yield point;
  }
}

/**
 * At most `limit` points, the first among them: all if there are no more, else spread evenly over the space whatever
 * the lengths of its axes (steps of the golden ratio, made coprime to the size, visit no point twice).
 */
export function* samplePoints(space: Space, limit: number): Generator<Params> {
  const groups = groupsOf(space);
  // Beyond the integers that can be told apart there is no even spread; such a space is refused anyway.
  const total = Math.min(sizeOf(groups), 2 ** 50);
  if (total <= limit) {
    yield* pointsOf(space);
    return;
  }
  const isExcluded = excluder(space.exclude);
  let step = Math.floor(total * 0.618_033_988_75);
  while (gcd(step, total) !== 1) step += 1;
  let index = 0;
  for (let visited = 0; visited < limit; visited += 1) {
    const point = pointAt(groups, index);
    if (!isExcluded(point)) yield point;
    index = (index + step) % total;
  }
}

const sizeOf = (groups: readonly Group[]): number => groups.reduce((product, { size }) => product * size, 1);

/** Reads an index as digits, one a group; the last group is the last digit. */
function pointAt(groups: readonly Group[], index: number): Params {
  const entries: Params[] = [];
  let rest = index;
  for (const group of groups.toReversed()) {
    entries.push(group.entry(rest % group.size));
    rest = Math.floor(rest / group.size);
  }
  return Object.assign({}, ...entries.toReversed());
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
