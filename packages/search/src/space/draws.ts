import { canonicalJson } from '@trawl/spec';
import type { Draw, Params, ParamValue, Space } from '@trawl/spec';
import { seededRandom } from '../random.js';
import type { Random } from '../random.js';
import { tidy } from './values.js';

/**
 * The drawn points, all different. The order of the space's keys does not matter. Fewer than `n` where there seem to be
 * no more different ones.
 */
export function drawPoints({ n, seed, space }: NonNullable<Space['random']>): Params[] {
  const keys = Object.keys(space).sort();
  const random = seededRandom(seed);
  const points = new Map<string, Params>();
  // To draw each of 100,000 points once takes 12 draws a point on average.
  for (let tries = 100 * n + 1_000; tries > 0 && points.size < n; tries -= 1) {
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
