import { canonicalJson } from '@trawl/spec';
import type { Params, ParamValue, Space } from '@trawl/spec';
import { drawPoints } from '../space/draws.js';

/** Values and names that are known to be wrong. */
export interface Wrong {
  /** Axes to leave out. */
  unusable: ReadonlySet<string>;
  /** Canonical JSON of wrong values, by axis. */
  values: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * The part of a space that combinations can be judged by: without what is wrong by itself, as that is told already.
 * `lost` are the axes of which nothing is left.
 */
export function soundSpace(space: Space, wrong: Wrong): { space: Space; lost: string[] } {
  const isRight = (key: string, value: ParamValue) => !wrong.values.get(key)?.has(canonicalJson(value));
  const lost = new Set(wrong.unusable);

  const grid: Space['grid'] = {};
  for (const [key, values] of Object.entries(space.grid)) {
    const right = values.filter((value) => isRight(key, value));
    if (lost.has(key) || right.length === 0) lost.add(key);
    else grid[key] = [...new Map(right.map((value) => [canonicalJson(value), value])).values()];
  }
  const zipKeys = Object.keys(space.zip).filter((key) => !lost.has(key));
  const length = Math.min(...zipKeys.map((key) => space.zip[key]?.length ?? 0));
  const rows = Array.from({ length: zipKeys.length === 0 ? 0 : length }, (_, i) => i).filter((i) =>
    zipKeys.every((key) => isRight(key, space.zip[key]?.[i] ?? null)),
  );
  const zip: Space['zip'] =
    rows.length === 0
      ? {}
      : Object.fromEntries(zipKeys.map((key) => [key, rows.map((i) => space.zip[key]?.[i] ?? null)]));
  if (rows.length === 0) for (const key of zipKeys) lost.add(key);

  const cells = space.cells
    .filter((cell) => Object.entries(cell).every(([key, value]) => lost.has(key) || isRight(key, value)))
    .map((cell) => without(cell, lost));
  if (cells.length === 0) for (const key of space.cells.flatMap(Object.keys)) lost.add(key);

  const drawn = Object.keys(space.random?.space ?? {});
  const random =
    space.random === null || drawn.some((key) => lost.has(key)) || drawPoints(space.random).length < space.random.n
      ? null
      : space.random;
  if (random === null) for (const key of drawn) lost.add(key);

  const exclude = space.exclude.filter((point) => !Object.keys(point).some((key) => lost.has(key)));
  return { space: { grid, zip, cells, exclude, random }, lost: [...lost] };
}

export function without(params: Params, names: ReadonlySet<string>): Params {
  return Object.fromEntries(Object.entries(params).filter(([name]) => !names.has(name)));
}
