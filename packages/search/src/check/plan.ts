import { EXECUTION_DEFAULTS, SEEDS_DEFAULT, uploadedHash } from '@trawl/spec';
import type { Execution, SelectRule, Space, StagePlan, StageSpec, SweepPlan } from '@trawl/spec';
import type { Datasets } from './datasets.js';
import type { StageDraft, SweepDraft } from './draft.js';

const NO_SPACE: Space = { grid: {}, zip: {}, cells: [], exclude: [], random: null };

/** The plan of a draft in which no fault was found. `rules` are those of its search stages, by ordinal. */
export function planOf(sweep: SweepDraft, rules: ReadonlyMap<number, SelectRule>, datasets: Datasets): SweepPlan {
  const stages: StagePlan[] = [];
  for (const draft of sweep.stages) {
    const execution = executionOf(sweep.spec.execution, draft.spec.execution);
    if (draft.kind === 'search') {
      stages.push(searchPlan(draft, needed(rules.get(draft.ordinal)), execution, datasets));
    } else {
      const search = needed(stages.findLast(({ kind }) => kind === 'search'));
      const refit = needed(draft.spec.refit);
      stages.push({ ...refitPlan(search, refit, needed(draft.name ?? undefined), draft.ordinal), execution });
    }
  }
  return { name: needed(sweep.spec.name), project: sweep.spec.project ?? 'default', stages };
}

/** A stage that runs cells of a search again as they are: one of a spec, or one asked for later. */
export function refitPlan(
  search: StagePlan,
  refit: { top: number; seeds: number },
  name: string,
  ordinal: number,
): StagePlan {
  return { ...search, name, ordinal, kind: 'refit', space: NO_SPACE, seeds: [], select: null, gate: 'auto', refit };
}

function searchPlan(draft: StageDraft, select: SelectRule, execution: Execution, datasets: Datasets): StagePlan {
  const dataset = needed(draft.dataset ?? undefined).value;
  const datasetHashes = datasets.hashes(dataset, draft.space);
  const { model, version } = modelOf(draft);
  return {
    name: needed(draft.name ?? undefined),
    ordinal: draft.ordinal,
    kind: 'search',
    model,
    modelVersion: version,
    dataset,
    ...(datasetHashes === undefined ? {} : { datasetHashes }),
    params: draft.sweepParams,
    ownParams: draft.ownParams,
    space: draft.space,
    seeds: draft.seeds?.value ?? [...SEEDS_DEFAULT],
    select,
    gate: draft.spec.gate ?? 'auto',
    refit: null,
    ...startOf(draft),
    execution,
  };
}

function startOf({ spec: { from } }: StageDraft): Pick<StagePlan, 'from' | 'weights'> {
  if (from?.upload !== undefined) return { from: null, weights: needed(uploadedHash(from.upload) ?? undefined) };
  return { from: from?.stage === undefined ? null : { ...from, stage: from.stage } };
}

function modelOf({ card }: StageDraft): { model: string; version: string } {
  const { name, version } = needed(card ?? undefined);
  return { model: name, version };
}

/** The stage's keys over the sweep's over the defaults. */
function executionOf(...given: (StageSpec['execution'] | undefined)[]): Execution {
  const execution: Execution = { ...EXECUTION_DEFAULTS };
  for (const part of given) {
    for (const [key, value] of Object.entries(part ?? {}))
      if (value !== undefined) Object.assign(execution, { [key]: value });
  }
  return execution;
}

/** What the check has made sure of. */
function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a plan was asked for of a sweep with faults');
  return value;
}
