import { canonicalJson, isPlainObject, joinPath } from '@trawl/spec';
import type { Draw, Params, ParamValue } from '@trawl/spec';
import { rootOf, variesDataset } from '../assign.js';
import { tidy } from '../space/values.js';
import type { StageDraft } from './draft.js';

/** One varied key of a stage and where its values stand. */
export interface Axis {
  key: string;
  /** Where the axis stands, as `stages.1.grid.beta`. */
  at: string;
  /** As it is written there. */
  given: unknown;
  /** What it can be set to; of a continuous draw its ends, and a value between them. */
  values: ParamValue[];
  /** null where the values are a list. */
  draw: Draw | null;
  /** Where one value stands: an entry of a list, or the form that makes it. */
  placeOf(value: ParamValue): string;
  /** What makes the values, as it is written; undefined where they are listed. */
  form: unknown;
}

/** All varied keys in the order of the space; a key that is varied twice comes twice. */
export function axesOfDraft({ at, raw, space }: StageDraft): Axis[] {
  const listed = (group: 'grid' | 'zip'): Axis[] =>
    Object.entries(space[group]).map(([key, values]) => {
      const written = isPlainObject(raw[group]) ? raw[group][key] : undefined;
      const place = joinPath(at, group, key);
      const index = indexer(values);
      const form = Array.isArray(written) ? undefined : written;
      const placeOf = (value: ParamValue) => (form === undefined ? joinPath(place, index(value)) : place);
      return { key, at: place, given: written, values, draw: null, placeOf, form };
    });
  return [
    ...listed('grid'),
    ...listed('zip'),
    ...pointAxes(at, space.cells),
    ...drawnAxes(at, space.random?.space ?? {}),
  ];
}

function pointAxes(at: string, cells: readonly Params[]): Axis[] {
  return [...new Set(cells.flatMap(Object.keys))].map((key) => {
    const having = cells.flatMap((cell, i) => (Object.hasOwn(cell, key) ? [{ i, value: cell[key] ?? null }] : []));
    const values = having.map(({ value }) => value);
    const index = indexer(values);
    const placeOf = (value: ParamValue) => joinPath(at, 'cells', having[index(value)]?.i ?? 0, key);
    const first = joinPath(at, 'cells', having[0]?.i ?? 0, key);
    return { key, at: first, given: values[0], values, draw: null, placeOf, form: undefined };
  });
}

function drawnAxes(at: string, space: Readonly<Record<string, Draw>>): Axis[] {
  return Object.entries(space).map(([key, draw]) => {
    const place = joinPath(at, 'random.space', key);
    const inner = joinPath(place, Object.keys(draw)[0] ?? '');
    const values = sampleOf(draw);
    const index = indexer(values);
    const form: unknown = 'choice' in draw ? undefined : Object.values(draw)[0];
    const placeOf = (value: ParamValue) => (form === undefined ? joinPath(inner, index(value)) : inner);
    return { key, at: place, given: draw, values, draw, placeOf, form };
  });
}

function sampleOf(draw: Draw): ParamValue[] {
  if ('choice' in draw) return draw.choice;
  if ('int' in draw) return draw.int;
  const [low, high] = 'uniform' in draw ? draw.uniform : draw.loguniform;
  // Not a round number: a parameter that takes integers must refuse it.
  const between = tidy(low * 0.618 + high * 0.382);
  return [low, between, high];
}

/** Where a value stands in a list; made when first asked, as a list may be long. */
function indexer(values: readonly ParamValue[]): (value: ParamValue) => number {
  let places: Map<string, number> | null = null;
  return (value) => {
    places ??= new Map(values.map((candidate, i): [string, number] => [canonicalJson(candidate), i]).toReversed());
    return places.get(canonicalJson(value)) ?? 0;
  };
}

/** Whether a fault at `path` (of a parameter, or starting with `dataset`) is about what an axis varies. */
export function concerns(axis: string, path: string): boolean {
  if (variesDataset(axis)) return path === axis || path.startsWith(`${axis}.`) || axis.startsWith(`${path}.`);
  return rootOf(axis) === rootOf(path);
}
