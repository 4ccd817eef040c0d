import type { RunConsumer, RunQueue } from '@trawl/queue';
import { expandStage } from '@trawl/search';
import type { Catalog, FailureClass, ModelCard, Params, StagePlan, Summary } from '@trawl/spec';
import type { ClaimedRun, Store } from '@trawl/store';
import { z } from 'zod';
import { addSweep, addWorker, stagePlan } from './sweeps.js';

/* A model that nobody trains: a worker of the test makes its numbers up, from params and seed alone. */

const metric = (name: string, splits: ModelCard['metrics'][number]['splits']): ModelCard['metrics'][number] => ({
  name,
  description: name,
  unit: '',
  splits,
  direction: 'min',
  perEpoch: true,
  summary: true,
  contains: [],
});

export const card: ModelCard = {
  name: 'toy',
  version: '1',
  title: 'Toy',
  description: 'Made-up numbers',
  params: z.strictObject({ alpha: z.number().default(50), beta: z.number().default(1) }),
  datasets: ['behaviour'],
  metrics: [metric('label_mse', ['val']), metric('latent_correlation', ['train'])],
  defaultSelection: { metric: 'train.latent_correlation', direction: 'min' },
  check: () => [],
};
export const catalog: Catalog = new Map([[card.name, card]]);

const MSE: Record<string, number> = { 50: 2, 100: 1.05, 500: 1 };
const CORRELATION: Record<string, number> = { 1: 0.5, 5: 0.2, 10: 0.3 };

/** What training would have said. */
export function numbersOf({ alpha, beta }: Params, seed: number): Summary {
  return {
    'val.label_mse': (MSE[JSON.stringify(alpha)] ?? 3) + seed / 1_000,
    'train.latent_correlation': (CORRELATION[JSON.stringify(beta)] ?? 1) + seed / 1_000,
  };
}

/** alpha (smallest within 10 %: 100), then beta (lowest: 5), then the two best betas again with three seeds. */
export const STAGES: readonly StagePlan[] = [
  stagePlan({
    name: 'alpha',
    model: 'toy',
    ownParams: { beta: 1 },
    space: space({ alpha: [50, 100, 500] }),
    seeds: [1, 2],
    select: {
      rule: 'smallest-within',
      metric: 'val.label_mse',
      direction: 'min',
      aggregate: 'mean',
      parameter: 'alpha',
      tolerance: { factor: 1.1 },
      allowPartial: false,
      where: [],
    },
  }),
  stagePlan({
    name: 'beta',
    ordinal: 1,
    model: 'toy',
    space: space({ beta: [1, 5, 10] }),
    seeds: [1, 2],
    select: {
      rule: 'min',
      metric: 'train.latent_correlation',
      direction: 'min',
      aggregate: 'mean',
      allowPartial: false,
      where: [],
    },
  }),
  stagePlan({
    name: 'refit',
    ordinal: 2,
    kind: 'refit',
    model: 'toy',
    space: space({}),
    seeds: [],
    select: null,
    refit: { top: 2, seeds: 3 },
  }),
];

function space(grid: StagePlan['space']['grid']): StagePlan['space'] {
  return { grid, zip: {}, cells: [], exclude: [], random: null };
}

/** Stores a sweep of these stages; its id. */
export function addToySweep(store: Store, stages: readonly StagePlan[] = STAGES): Promise<string> {
  const [first] = stages;
  if (first === undefined) throw new Error('a sweep has a stage');
  return addSweep(store, { name: 'toy', stages: [...stages], cells: expandStage(first, null, catalog) });
}

export interface ToyWorker {
  /** Runs that it claimed, in order. */
  claimed: ClaimedRun[];
  close(): Promise<void>;
}

/** Claims what the queue brings and ends it at once, with numbers or as `fails` says. */
export async function startToyWorker(
  store: Store,
  queue: RunQueue,
  fails: (run: ClaimedRun) => FailureClass | null = () => null,
): Promise<ToyWorker> {
  const slots = 4;
  const worker = await addWorker(store, { slots, capability: queue.capability });
  const claimed: ClaimedRun[] = [];
  const consumer: RunConsumer = await queue.consume(slots, async ({ runId, fence }) => {
    const run = await store.runs.claim(runId, fence, worker);
    if (run === null) return;
    claimed.push(run);
    const failure = fails(run);
    if (failure === null) await store.runs.succeed(runId, run.fence, numbersOf(run.cell.params, run.seed));
    else await store.runs.fail(runId, run.fence, failure, 'as the test wants it');
  });
  return {
    claimed,
    async close() {
      await consumer.close();
      await store.workers.gone(worker);
    },
  };
}
