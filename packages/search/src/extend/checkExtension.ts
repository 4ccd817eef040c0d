import { isPlainObject, joinPath, oneOf, SEEDS_DEFAULT, shortGiven, suggestion } from '@trawl/spec';
import type { AxisForm, DatasetFacts, DatasetSpec, Fault, ParamValue, StagePlan } from '@trawl/spec';
import { checkSweep } from '../check/checkSweep.js';
import type { CheckEnv } from '../check/checkSweep.js';
import { refitSeeds } from '../seeds.js';
import { axisValues } from '../space/values.js';
import { translator } from './translate.js';

/** What a stage is to have beside what it has. */
export interface Extension {
  /** Further values of axes of its grid or zip. */
  values?: Readonly<Record<string, AxisForm>> | undefined;
  /** These seeds too, or so many of the smallest that the sweep has not used. */
  seeds?: number | readonly number[] | undefined;
}

export interface ExtensionCheck {
  /** The sweep's document as it was posted. */
  spec: unknown;
  /** All stages as they are now, by ordinal: extended before, refits appended. */
  stages: readonly StagePlan[];
  stage: StagePlan;
  extension: Extension;
  /** Of the whole sweep. */
  usedSeeds: readonly number[];
}

export type CheckedExtension =
  | {
      ok: true;
      plan: StagePlan;
      /** Of the stage's own dataset as it is now. */
      facts: DatasetFacts;
      /** Every dataset that the sweep's cells are trained on now. */
      variants: { dataset: DatasetSpec; facts: DatasetFacts }[];
    }
  | { ok: false; faults: Fault[] };

const MAX_REFIT_SEEDS = 1_000;

/**
 * The plan of an extended stage, or all that is wrong with the extension: the sweep is checked as if it had been posted
 * so. Paths are of the extension (`values.beta.0`); those that begin with `spec.` are of the posted document.
 */
export async function checkExtension(check: ExtensionCheck, env: CheckEnv): Promise<CheckedExtension> {
  const { stage } = check;
  const wanted = stage.kind === 'refit' ? extendRefit(check) : extendSearch(check);
  if (Array.isArray(wanted)) return { ok: false, faults: wanted };

  const document = documentOf(check, wanted);
  const checked = await checkSweep(document, env);
  if (!checked.ok) return { ok: false, faults: checked.faults.map(translator(check)) };
  const facts = checked.datasets[Math.min(stage.ordinal, checked.datasets.length - 1)];
  if (facts === undefined) throw new Error('a checked sweep without stages');
  const datasetHashes = checked.plan.stages[stage.ordinal]?.datasetHashes;
  return {
    ok: true,
    plan: { ...wanted, ...(datasetHashes === undefined ? {} : { datasetHashes }) },
    facts,
    variants: checked.variants,
  };
}

function extendRefit({ stage, extension: { values, seeds } }: ExtensionCheck): StagePlan | Fault[] {
  const faults: Fault[] = [];
  const { top, seeds: had } = stage.refit ?? { top: 0, seeds: 0 };
  if (values !== undefined) {
    const allowed = 'seeds alone; values are those of the search before it';
    faults.push({ path: 'values', message: `stage ${stage.name} is a refit: it varies nothing`, allowed });
  }
  if (seeds !== undefined && typeof seeds !== 'number') {
    const message = `stage ${stage.name} is a refit: it takes seeds that no selection has seen`;
    faults.push({ path: 'seeds', message, given: shortGiven(seeds), allowed: 'how many more, as 3' });
  } else if (had + (seeds ?? 0) > MAX_REFIT_SEEDS) {
    const message = `makes ${had + (seeds ?? 0)} seeds of the refit`;
    faults.push({ path: 'seeds', message, given: seeds, allowed: `at most ${MAX_REFIT_SEEDS - had} more` });
  }
  if (faults.length > 0) return faults;
  return { ...stage, refit: { top, seeds: had + (typeof seeds === 'number' ? seeds : 0) } };
}

function extendSearch({ stage, extension, usedSeeds }: ExtensionCheck): StagePlan | Fault[] {
  const { grid, zip } = stage.space;
  const keys = [...Object.keys(grid), ...Object.keys(zip)];
  const faults = Object.entries(extension.values ?? {}).flatMap(([key, given]): Fault[] => {
    if (keys.includes(key)) return [];
    const message = `is no axis of the grid or zip of stage ${stage.name}${suggestion(key, keys)}`;
    const allowed = keys.length === 0 ? 'seeds alone, as the stage has neither grid nor zip' : oneOf(keys);
    return [{ path: joinPath('values', key), message, given: shortGiven(given), allowed }];
  });
  if (faults.length > 0) return faults;

  const added = Object.entries(extension.values ?? {}).map(([key, form]) => [key, axisValues(form)] as const);
  const longer = (axes: Record<string, ParamValue[]>): Record<string, ParamValue[]> => {
    const all = new Map(Object.entries(axes));
    for (const [key, values] of added) {
      const before = all.get(key);
      if (before !== undefined) all.set(key, [...before, ...values]);
    }
    return Object.fromEntries(all);
  };
  const { seeds = [] } = extension;
  const more = typeof seeds === 'number' ? refitSeeds(usedSeeds, seeds) : seeds;
  return {
    ...stage,
    space: { ...stage.space, grid: longer(grid), zip: longer(zip) },
    seeds: [...stage.seeds, ...more],
  };
}

/** The posted document with all stages as they are by now, and one of them as it is wanted. */
function documentOf({ spec, stages, stage }: ExtensionCheck, wanted: StagePlan): unknown {
  if (!isPlainObject(spec)) return spec;
  const planOf = (ordinal: number): StagePlan | undefined => (ordinal === stage.ordinal ? wanted : stages[ordinal]);
  const shared = spec['seeds'] ?? SEEDS_DEFAULT;
  if (!Array.isArray(spec['stages'])) return writtenOut(spec, planOf(0), shared);
  return {
    ...spec,
    stages: spec['stages'].map((raw: unknown, ordinal) =>
      isPlainObject(raw) ? writtenOut(raw, planOf(ordinal), shared) : raw,
    ),
  };
}

function writtenOut(raw: Record<string, unknown>, plan: StagePlan | undefined, shared: unknown): object {
  if (plan === undefined) return raw;
  if (plan.kind === 'refit') return { ...raw, refit: plan.refit };
  // Seeds that nobody gave must not look given: a model's own seed parameter may stand instead.
  const given = JSON.stringify(raw['seeds'] ?? shared) === JSON.stringify(plan.seeds);
  return {
    ...raw,
    ...(Object.hasOwn(raw, 'grid') ? { grid: plan.space.grid } : {}),
    ...(Object.hasOwn(raw, 'zip') ? { zip: plan.space.zip } : {}),
    ...(given ? {} : { seeds: plan.seeds }),
  };
}
