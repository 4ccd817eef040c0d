import { faultsOf, isPlainObject, SweepSpecSchema } from '@trawl/spec';
import type { Catalog, DatasetFacts, DatasetSpec, Fault, SelectRule, SweepPlan } from '@trawl/spec';
import { Datasets } from './datasets.js';
import { draftSweep } from './draft.js';
import { checkForm } from './form.js';
import { checkParams } from './params.js';
import { planOf } from './plan.js';
import { checkRuns } from './runs.js';
import { checkStage } from './stage.js';
import type { CheckedStage } from './stage.js';

export interface CheckEnv {
  catalog: Catalog;
  /** Looks at a dataset; its faults have paths that begin with `path`. */
  inspect(dataset: DatasetSpec, path: string): Promise<{ facts: DatasetFacts } | { faults: Fault[] }>;
}

export type CheckedSweep =
  | {
      ok: true;
      plan: SweepPlan;
      /** Of each stage's dataset, by stage ordinal. */
      datasets: DatasetFacts[];
      /** Every distinct dataset of the sweep, those of `dataset.` axes too. */
      variants: { dataset: DatasetSpec; facts: DatasetFacts }[];
    }
  | { ok: false; faults: Fault[] };

/** A longer answer helps nobody. */
const MAX_FAULTS = 1_000;

/**
 * Checks a sweep spec whole and resolves it to a plan, or says everything that is wrong with it (1,000 faults at most).
 * What depends on a later selection is judged by the first cell of the stage that will select.
 */
export async function checkSweep(raw: unknown, env: CheckEnv): Promise<CheckedSweep> {
  const parsed = SweepSpecSchema.safeParse(raw);
  const faults = parsed.success ? [] : faultsOf(parsed.error, raw, SweepSpecSchema);
  if (!isPlainObject(raw)) return { ok: false, faults };

  const sweep = draftSweep(raw, env.catalog);
  const shared = sweep.card === null ? null : checkParams(sweep.card, sweep.params, 'params');
  faults.push(...checkForm(sweep, env.catalog), ...(shared?.faults ?? []));

  const datasets = new Datasets(env);
  const searches: CheckedStage[] = [];
  for (const stage of sweep.stages) {
    if (stage.kind !== 'search') continue;
    const checked = await checkStage({ sweep, stage, sweepParams: shared, searches, datasets });
    searches.push(checked);
    faults.push(...checked.faults);
  }
  faults.push(...checkRuns(sweep.stages));
  if (faults.length > 0) return { ok: false, faults: distinct(faults).slice(0, MAX_FAULTS) };

  const rules = new Map(
    searches.flatMap(({ stage, rule }): [number, SelectRule][] => (rule ? [[stage.ordinal, rule]] : [])),
  );
  const plan = planOf(sweep, rules, datasets);
  return { ok: true, plan, datasets: factsByStage(plan, datasets), variants: datasets.all() };
}

/** One fault may be found by several stages. */
function distinct(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.map((fault) => [`${fault.path}\n${fault.message}`, fault])).values()];
}

function factsByStage(plan: SweepPlan, datasets: Datasets): DatasetFacts[] {
  return plan.stages.map(({ dataset, name }) => {
    const facts = datasets.facts(dataset);
    if (facts === null) throw new Error(`the dataset of stage ${name} was not looked at`);
    return facts;
  });
}
