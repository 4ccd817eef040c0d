import { isPlainObject, joinPath, SelectSchema, spaceShape, StageSpecSchema, SweepSpecSchema } from '@trawl/spec';
import type { Catalog, DatasetSpec, ModelCard, Params, SelectSpec, Space, StageSpec, SweepSpec } from '@trawl/spec';
import { countCells } from '../space/count.js';
import { readableKeys, readParams, readSpace } from './read.js';

/** A value of the spec together with where it stands. */
export interface Placed<T> {
  at: string;
  value: T;
}

/** What of an object could be read. */
type Parts<T> = { [K in keyof T]?: T[K] | undefined };

/** A stage as far as it can be read. */
export interface StageDraft {
  /** `stages.1`, or '' for a search at the top level. */
  at: string;
  ordinal: number;
  kind: 'search' | 'refit';
  raw: Record<string, unknown>;
  spec: Parts<StageSpec>;
  /** null where it cannot be read. */
  name: string | null;
  model: Placed<string> | null;
  /** null where the model is not in the catalogue. */
  card: ModelCard | null;
  dataset: Placed<DatasetSpec> | null;
  /** Those of the sweep, where the stage is of the sweep's model; they stand at `params`. */
  sweepParams: Params;
  ownParams: Params;
  select: Parts<SelectSpec>;
  /** null where none are given. */
  seeds: Placed<number[]> | null;
  space: Space;
  /** Of the space; 0 where it could not be read whole. */
  cells: number;
  /** Names of params and axes that cannot be read. */
  unread: string[];
  /** False where params are no object: nobody knows which are set. */
  paramsRead: boolean;
  /** Whether all of the space could be read. */
  spaceRead: boolean;
}

export interface SweepDraft {
  raw: Record<string, unknown>;
  spec: Parts<SweepSpec>;
  card: ModelCard | null;
  params: Params;
  stages: StageDraft[];
}

const SweepParts = SweepSpecSchema.partial();
const StageParts = StageSpecSchema.partial();
const SelectParts = SelectSchema.partial();

/** Keys of a stage that may stand at the top level instead. */
export const ONE_STAGE_KEYS = [...Object.keys(spaceShape), 'select', 'gate'];

export function draftSweep(document: Record<string, unknown>, catalog: Catalog): SweepDraft {
  const spec = SweepParts.parse(readableKeys(SweepSpecSchema.shape, document));
  const { params, unread } = readParams(document['params']);
  const shared = { spec, params, unread, paramsRead: isObjectOrAbsent(document['params']) };
  return {
    raw: document,
    spec,
    card: spec.model === undefined ? null : (catalog.get(spec.model) ?? null),
    params,
    stages: stagesOf(document).map(({ at, raw }, ordinal) => draftStage(raw, at, ordinal, shared, catalog)),
  };
}

function stagesOf(document: Record<string, unknown>): { at: string; raw: Record<string, unknown> }[] {
  if (!Object.hasOwn(document, 'stages')) {
    return [
      { at: '', raw: Object.fromEntries(Object.entries(document).filter(([key]) => ONE_STAGE_KEYS.includes(key))) },
    ];
  }
  const { stages } = document;
  if (!Array.isArray(stages)) return [];
  return stages.map((raw: unknown, i) => ({ at: `stages.${i}`, raw: isPlainObject(raw) ? raw : {} }));
}

function draftStage(
  raw: Record<string, unknown>,
  at: string,
  ordinal: number,
  sweep: { spec: Parts<SweepSpec>; params: Params; unread: string[]; paramsRead: boolean },
  catalog: Catalog,
): StageDraft {
  const spec = StageParts.parse(readableKeys(StageSpecSchema.shape, raw));
  const { space, whole, unread } = readSpace(raw);
  const select = isPlainObject(raw['select']) ? raw['select'] : {};
  const own = readParams(raw['params']);
  const model = place(raw, at, 'model', spec.model, sweep.spec.model);
  const ofSweepModel = model !== null && model.value === sweep.spec.model;
  return {
    at,
    ordinal,
    kind: Object.hasOwn(raw, 'refit') ? 'refit' : 'search',
    raw,
    spec,
    name: at === '' ? 'search' : (spec.name ?? null),
    model,
    card: model === null ? null : (catalog.get(model.value) ?? null),
    dataset: place(raw, at, 'dataset', spec.dataset, sweep.spec.dataset),
    sweepParams: ofSweepModel ? sweep.params : {},
    ownParams: own.params,
    select: SelectParts.parse(readableKeys(SelectSchema.shape, select)),
    seeds: place(raw, at, 'seeds', spec.seeds, sweep.spec.seeds),
    space,
    cells: whole ? countCells(space) : 0,
    unread: [...unread, ...own.unread, ...(ofSweepModel ? sweep.unread : [])],
    paramsRead: isObjectOrAbsent(raw['params']) && (sweep.paramsRead || !ofSweepModel),
    spaceRead: whole,
  };
}

const isObjectOrAbsent = (value: unknown): boolean => value === undefined || isPlainObject(value);

/** The stage's own, else the sweep's; null where there is none or the stage's own cannot be read. */
function place<T>(
  raw: Record<string, unknown>,
  at: string,
  key: string,
  own: T | undefined,
  shared: T | undefined,
): Placed<T> | null {
  if (own !== undefined) return { at: joinPath(at, key), value: own };
  return shared === undefined || Object.hasOwn(raw, key) ? null : { at: key, value: shared };
}
