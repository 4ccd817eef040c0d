import { faultsOf, isPlainObject, SweepSpecSchema } from '@trawl/spec';
import type { Catalog, DatasetFacts, DatasetSpec, Fault, SelectRule, SweepPlan, TensorShapes } from '@trawl/spec';
import { Datasets } from './datasets.js';
import { draftSweep } from './draft.js';
import type { StageDraft } from './draft.js';
import { checkFiles, checkUpload } from './upload.js';
import { checkForm, explain } from './form.js';
import { checkParams } from './params.js';
import { planOf } from './plan.js';
import { checkRuns } from './runs.js';
import { checkStage } from './stage.js';
import type { CheckedStage } from './stage.js';

export interface CheckEnv {
  catalog: Catalog;
  /** Looks at a dataset; its faults have paths that begin with `path`. */
  inspect(dataset: DatasetSpec, path: string): Promise<{ facts: DatasetFacts } | { faults: Fault[] }>;
  /** What uploaded weights of this sha256 hold, null where there are none; absent: none ever are. */
  tensorsOf?: ((sha256: string) => Promise<TensorShapes | null>) | undefined;
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
  const ofForm = parsed.success
    ? []
    : faultsOf(parsed.error, raw, SweepSpecSchema).map((fault) => explain(fault, env.catalog));
  if (!isPlainObject(raw)) return { ok: false, faults: ofForm };

  const sweep = draftSweep(raw, env.catalog);
  const shared = sweep.card === null ? null : checkParams(sweep.card, sweep.params, 'params');
  const found: Found[] = [...ofForm, ...checkForm(sweep, env.catalog), ...(shared?.faults ?? [])].map((fault) => ({
    fault,
    stage: null,
  }));

  for (const stage of sweep.stages) {
    const ofFiles = [...(await checkUpload(stage, env)), ...(await checkFiles(stage, env))];
    found.push(...ofFiles.map((fault) => ({ fault, stage })));
  }
  const datasets = new Datasets(env);
  const searches: CheckedStage[] = [];
  for (const stage of sweep.stages) {
    if (stage.kind !== 'search') continue;
    const checked = await checkStage({ sweep, stage, sweepParams: shared, searches, datasets });
    searches.push(checked);
    found.push(...checked.faults.map((fault) => ({ fault, stage })));
  }
  const faults = [...found.filter(isFirst()).map(inItsStage), ...checkRuns(sweep.stages)];
  if (faults.length > 0) return { ok: false, faults: faults.slice(0, MAX_FAULTS) };

  const rules = new Map(
    searches.flatMap(({ stage, rule }): [number, SelectRule][] => (rule ? [[stage.ordinal, rule]] : [])),
  );
  const plan = planOf(sweep, rules, datasets);
  return { ok: true, plan, datasets: factsByStage(plan, datasets), variants: datasets.all() };
}

/** A fault and the stage that has it; null: the sweep. */
interface Found {
  fault: Fault;
  stage: StageDraft | null;
}

/** One fault may be found by several stages. */
function isFirst(): (found: Found) => boolean {
  const told = new Set<string>();
  return ({ fault: { path, message } }) => {
    const size = told.size;
    return told.add(`${path}\n${message}`).size > size;
  };
}

/** A value may be right in the stage where it stands and wrong in a later one that takes it over. */
function inItsStage({ fault, stage }: Found): Fault {
  if (stage === null || !fault.path.startsWith('stages.') || fault.path.startsWith(`${stage.at}.`)) return fault;
  return { ...fault, message: `in ${stage.at}${stage.name === null ? '' : ` (${stage.name})`}: ${fault.message}` };
}

function factsByStage(plan: SweepPlan, datasets: Datasets): DatasetFacts[] {
  return plan.stages.map(({ dataset, name }) => {
    const facts = datasets.facts(dataset);
    if (facts === null) throw new Error(`the dataset of stage ${name} was not looked at`);
    return facts;
  });
}
