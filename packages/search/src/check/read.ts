import { AxisSchema, isPlainObject, ParamValueSchema, spaceShape } from '@trawl/spec';
import type { Params, ParamValue, Space } from '@trawl/spec';
import { axisValues } from '../space/values.js';

/*
 * A spec is checked as far as it can be read: each key is parsed by itself, so that what is wrong in one place hides
 * nothing in another. Whatever cannot be read is left out here; the parse of the whole tells it.
 */

interface Readable {
  safeParse(value: unknown): { success: boolean };
}

/** The keys of `raw` that are right by themselves. */
export function readableKeys(shape: Readonly<Record<string, Readable>>, raw: Record<string, unknown>): object {
  return Object.fromEntries(
    Object.entries(raw).filter(([key, value]) => Object.hasOwn(shape, key) && shape[key]?.safeParse(value).success),
  );
}

/** Params value by value, and the names of those that are no JSON. */
export function readParams(raw: unknown): { params: Params; unread: string[] } {
  const params: Params = {};
  const unread: string[] = [];
  if (!isPlainObject(raw)) return { params, unread };
  for (const [key, value] of Object.entries(raw)) {
    const parsed = ParamValueSchema.safeParse(value);
    if (parsed.success) params[key] = parsed.data;
    else unread.push(key);
  }
  return { params, unread };
}

/** What a stage varies, axes written out. Not `whole` where part of it cannot be read: `unread` are names in that part. */
export function readSpace(stage: Record<string, unknown>): { space: Space; whole: boolean; unread: string[] } {
  const grid = readAxes(stage['grid']);
  const zip = readAxes(stage['zip']);
  const cells = spaceShape.cells.safeParse(stage['cells']);
  const exclude = spaceShape.exclude.safeParse(stage['exclude']);
  const random = spaceShape.random.safeParse(stage['random']);
  const unread = [...grid.unread, ...zip.unread];
  if (!cells.success) unread.push(...keysOfEach(stage['cells']));
  if (!random.success) unread.push(...drawnKeys(stage['random']));
  return {
    space: {
      grid: grid.axes,
      zip: zip.axes,
      cells: cells.data ?? [],
      exclude: exclude.data ?? [],
      random: random.data ?? null,
    },
    whole: grid.whole && zip.whole && cells.success && exclude.success && random.success,
    unread,
  };
}

function readAxes(raw: unknown): { axes: Record<string, ParamValue[]>; whole: boolean; unread: string[] } {
  const axes: Record<string, ParamValue[]> = {};
  const unread: string[] = [];
  if (!isPlainObject(raw)) return { axes, whole: raw === undefined, unread };
  for (const [key, form] of Object.entries(raw)) {
    const parsed = AxisSchema.safeParse(form);
    if (parsed.success) axes[key] = axisValues(parsed.data);
    else unread.push(key);
  }
  return { axes, whole: unread.length === 0 && Object.keys(axes).length > 0, unread };
}

const keysOfEach = (raw: unknown): string[] =>
  Array.isArray(raw) ? raw.flatMap((item) => (isPlainObject(item) ? Object.keys(item) : [])) : [];

const drawnKeys = (raw: unknown): string[] =>
  isPlainObject(raw) && isPlainObject(raw['space']) ? Object.keys(raw['space']) : [];
