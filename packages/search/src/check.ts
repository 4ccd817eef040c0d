import type { Catalog, DatasetFacts, DatasetSpec, Fault, SweepPlan } from '@trawl/spec';

export interface CheckEnv {
  catalog: Catalog;
  /** Looks at a dataset; `path` is where the spec names it, and faults come back under that path. */
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

/** Checks a sweep spec whole and resolves it to a plan, or says everything that is wrong with it. */
export async function checkSweep(raw: unknown, env: CheckEnv): Promise<CheckedSweep> {
  throw new Error(`not built: ${typeof raw} ${env.catalog.size}`);
}
