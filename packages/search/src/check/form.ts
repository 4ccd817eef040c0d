import { isPlainObject, joinPath, oneOf, shortGiven, StageSpecSchema, suggestion, SweepSpecSchema } from '@trawl/spec';
import type { Catalog, Fault } from '@trawl/spec';
import { ONE_STAGE_KEYS } from './draft.js';
import type { StageDraft, SweepDraft } from './draft.js';

/** What else may stand in a stage that refits. */
const BESIDE_REFIT = ['name', 'refit', 'execution'];

/** How stages are put together: names, refits, what they start from, which models. */
export function checkForm(sweep: SweepDraft, catalog: Catalog): Fault[] {
  return [
    ...twoForms(sweep),
    ...unknownModels(sweep, catalog),
    ...repeatedNames(sweep.stages),
    ...sweep.stages.flatMap((stage) => [...checkRefit(stage, sweep.stages), ...checkFrom(stage, sweep.stages)]),
  ];
}

/** A fault of the document's form with what only the whole language and the catalogue can say of it. */
export function explain(fault: Fault, catalog: Catalog): Fault {
  const [, stage, key = ''] = /^(stages\.\d+\.)?([^.]+)$/.exec(fault.path) ?? [];
  if (key === 'model') return { ...fault, allowed: oneOf([...catalog.keys()]) };
  const [here, there, place] =
    stage === undefined
      ? [SweepSpecSchema.shape, StageSpecSchema.shape, 'in a stage only']
      : [StageSpecSchema.shape, SweepSpecSchema.shape, 'at the top level only'];
  const misplaced = Object.hasOwn(there, key) && !Object.hasOwn(here, key);
  return misplaced ? { ...fault, message: `stands ${place}` } : fault;
}

function twoForms({ raw }: SweepDraft): Fault[] {
  if (!Object.hasOwn(raw, 'stages')) return [];
  return ONE_STAGE_KEYS.filter((key) => Object.hasOwn(raw, key)).map((key) => ({
    path: key,
    message: 'stands beside stages: a search at the top level is a sweep of that one stage',
    given: shortGiven(raw[key]),
    allowed: 'in a stage, or without stages',
  }));
}

function unknownModels({ spec, stages }: SweepDraft, catalog: Catalog): Fault[] {
  const names = [...catalog.keys()];
  const named = [
    { at: 'model', value: spec.model },
    ...stages.map(({ at, spec: own }) => ({ at: joinPath(at, 'model'), value: own.model })),
  ];
  return named.flatMap(({ at, value }) => {
    if (value === undefined || catalog.has(value)) return [];
    return [
      {
        path: at,
        message: `unknown model${suggestion(value, names)}`,
        given: shortGiven(value),
        allowed: oneOf(names),
      },
    ];
  });
}

function repeatedNames(stages: readonly StageDraft[]): Fault[] {
  const first = new Map<string, string>();
  return stages.flatMap(({ at, name }) => {
    if (name === null) return [];
    const before = first.get(name);
    if (before === undefined) {
      first.set(name, at);
      return [];
    }
    const message = `${before} has this name already`;
    return [{ path: joinPath(at, 'name'), message, given: name, allowed: 'a name that no other stage has' }];
  });
}

function checkRefit({ at, kind, raw, ordinal }: StageDraft, stages: readonly StageDraft[]): Fault[] {
  if (kind !== 'refit') return [];
  const faults: Fault[] = Object.keys(raw)
    .filter((key) => ALL_STAGE_KEYS.includes(key) && !BESIDE_REFIT.includes(key))
    .map((key) => ({
      path: joinPath(at, key),
      message: 'stands beside refit, which runs cells of the search before again as they are',
      given: shortGiven(raw[key]),
      allowed: `beside refit only: ${BESIDE_REFIT.filter((name) => name !== 'refit').join(', ')}`,
    }));
  if (!stages.slice(0, ordinal).some((stage) => stage.kind === 'search')) {
    faults.push({
      path: joinPath(at, 'refit'),
      message: 'no search stands before it',
      given: shortGiven(raw['refit']),
      allowed: 'after a stage that searches',
    });
  }
  return faults;
}

/** Unknown keys are told by the parse of the whole. */
const ALL_STAGE_KEYS = [...ONE_STAGE_KEYS, 'model', 'dataset', 'params', 'seeds', 'from'];

function checkFrom({ at, raw, ordinal, kind }: StageDraft, stages: readonly StageDraft[]): Fault[] {
  const from = raw['from'];
  const given = isPlainObject(from) ? from['stage'] : undefined;
  if (kind === 'refit' || typeof given !== 'string' || given === '') return [];
  const legal = stages
    .slice(0, ordinal)
    .flatMap(({ kind: of, name }) => (of === 'search' && name !== null ? [name] : []));
  if (legal.includes(given)) return [];
  const other = stages.find(({ name }) => name === given);
  const why =
    other === undefined
      ? `no stage has this name${suggestion(given, legal)}`
      : other.ordinal >= ordinal
        ? 'is not an earlier stage'
        : 'is a refit, which selects nothing';
  return [
    {
      path: joinPath(at, 'from.stage'),
      message: why,
      given: shortGiven(given),
      allowed: legal.length === 0 ? 'an earlier search stage, and there is none' : oneOf(legal),
    },
  ];
}
