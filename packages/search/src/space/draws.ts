import { canonicalJson } from '@trawl/spec';
import type { Draw, Params, ParamValue, Space } from '@trawl/spec';
import { seededRandom } from '../random.js';
import type { Random } from '../random.js';
import { tidy } from './values.js';

/** How many different values a draw can give. */
export function drawCount(draw: Draw): number {
  if ('choice' in draw) return new Set(draw.choice.map(canonicalJson)).size;
  if ('int' in draw) return draw.int[1] - draw.int[0] + 1;
  return Number.POSITIVE_INFINITY;
}

/** The drawn points, all different. The order of the space's keys does not matter. */
export function drawPoints({ n, seed, space }: NonNullable<Space['random']>): Params[] {
  const keys = Object.keys(space).sort();
  const possible = keys.reduce((product, key) => product * drawCount(drawOf(space, key)), 1);
  if (n > possible) throw new RangeError(`${n} different points of ${possible}`);
  const random = seededRandom(seed);
  const points = new Map<string, Params>();
  while (points.size < n) {
    const drawn = new Map(keys.map((key) => [key, draw(drawOf(space, key), random)]));
    // In the order of the space, for display.
    const point = Object.fromEntries(Object.keys(space).map((key) => [key, drawn.get(key) ?? null]));
    points.set(canonicalJson(point), point);
  }
  return [...points.values()];
}

function drawOf(space: Record<string, Draw>, key: string): Draw {
  const found = space[key];
  if (found === undefined) throw new Error(`no draw for ${key}`);
  return found;
}

/** One value; each takes exactly one random number. */
function draw(form: Draw, random: Random): ParamValue {
  const part = random();
  if ('uniform' in form) return tidy(form.uniform[0] * (1 - part) + form.uniform[1] * part);
  if ('loguniform' in form) return tidy(form.loguniform[0] ** (1 - part) * form.loguniform[1] ** part);
  if ('int' in form) return form.int[0] + Math.floor(part * (form.int[1] - form.int[0] + 1));
  return form.choice[Math.floor(part * form.choice.length)] ?? null;
}
