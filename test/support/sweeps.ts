import type { Cell, DatasetFacts, DatasetSpec, Execution, StagePlan, SweepPlan } from '@trawl/spec';
import type { Store } from '@trawl/store';

/* Sweeps for tests that care about rows, not about what is trained. */

export const dataset: DatasetSpec = {
  kind: 'behaviour',
  trials: 24,
  frames: 32,
  height: 32,
  width: 32,
  labels: 2,
  factors: ['posture', 'lighting'],
  strength: 1,
  noise: 0.02,
  masked: 0,
  seed: 0,
  look: null,
};

export const facts: DatasetFacts = {
  kind: 'behaviour',
  hash: 'd'.repeat(64),
  size: 0,
  trials: 24,
  frames: Array.from({ length: 24 }, () => 32),
  height: 32,
  width: 32,
  channels: 1,
  labels: 2,
  labelMasks: false,
  frameMasks: false,
};

const execution: Execution = {
  maxParallel: null,
  priority: 0,
  weight: 1,
  maxFailures: 3,
  timeoutMinutes: null,
  stallMinutes: 10,
  gpuShare: 1,
};

export function stagePlan(
  given: Partial<Omit<StagePlan, 'execution'>> & { execution?: Partial<Execution> } = {},
): StagePlan {
  return {
    name: 'search',
    ordinal: 0,
    kind: 'search',
    model: 'ps-vae',
    modelVersion: '1',
    dataset,
    params: {},
    ownParams: {},
    space: { grid: { beta: [1, 2] }, zip: {}, cells: [], exclude: [], random: null },
    seeds: [1],
    select: { rule: 'min', metric: 'val.loss', direction: 'min', aggregate: 'mean', allowPartial: false, where: [] },
    gate: 'auto',
    refit: null,
    from: null,
    ...given,
    execution: { ...execution, ...given.execution },
  };
}

/** Cells that differ in beta: `from` .. `from + n - 1`. */
export function betas(n: number, from = 0): Cell[] {
  return Array.from({ length: n }, (_, at) => {
    const beta = from + at;
    return {
      hash: `beta-${beta}-`.padEnd(64, '0'),
      model: 'ps-vae',
      modelVersion: '1',
      params: { beta, alpha: 1 },
      dataset,
      point: { beta },
    };
  });
}

export interface NewSweep {
  name?: string;
  cells?: Cell[];
  stages?: StagePlan[];
  execution?: Partial<Execution>;
  seeds?: number[];
  idempotencyKey?: string;
}

/** Two cells, one seed, one stage, unless told otherwise. */
export async function addSweep(store: Store, given: NewSweep = {}): Promise<string> {
  const { name = 'sweep', cells = betas(2), execution: how = {}, seeds = [1], idempotencyKey } = given;
  const stages = given.stages ?? [stagePlan({ execution: how, seeds })];
  const plan: SweepPlan = { name, project: 'default', stages };
  const datasets = stages.map(() => facts);
  const made = await store.sweeps.create({
    plan,
    spec: { name },
    text: `name: ${name}`,
    datasets,
    cells,
    idempotencyKey,
  });
  return made.id;
}

export function addWorker(
  store: Store,
  given: { slots?: number; capability?: 'cpu' | 'gpu'; pid?: number } = {},
): Promise<string> {
  const { slots = 4, capability = 'cpu', pid = 1 } = given;
  return store.workers.register({ host: 'here', pid, slots, capability, devices: ['cpu'], version: '0.1.0' });
}

/** Ids of the sweep's runs, oldest first. */
export async function runsOf(store: Store, sweepId: string): Promise<string[]> {
  return (await store.runs.page(sweepId, { limit: 1_000 })).items.map((run) => run.id);
}
