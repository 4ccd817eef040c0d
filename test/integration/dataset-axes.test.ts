import { inspectDataset } from '@trawl/datasets/inspect';
import { catalog } from '@trawl/models/catalog';
import { type CheckEnv, checkSweep, expandStage } from '@trawl/search';
import { openStore, type Store } from '@trawl/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { registerWorker, runsOf } from '../support/training.js';

const inspect: CheckEnv['inspect'] = (dataset, at) => inspectDataset(dataset, { roots: [], at });

let database: TestDatabase;
let store: Store;

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore(database);
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

test('each run of a stage that varies its dataset is claimed with the hash of its own', async () => {
  const spec = {
    name: 'noise',
    model: 'ps-vae',
    dataset: { kind: 'behaviour', trials: 10, frames: 4 },
    params: { n_ae_latents: 4, architecture: 'small', max_n_epochs: 1, anneal_epochs: 0 },
    grid: { 'dataset.noise': [0, 0.1], alpha: [1, 2] },
    select: { metric: 'val.label_mse' },
  };
  const checked = await checkSweep(spec, { catalog, inspect });
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
  const [stage] = checked.plan.stages;
  const { id } = await store.sweeps.create({
    plan: checked.plan,
    spec,
    text: '',
    datasets: checked.datasets,
    variants: checked.variants,
    cells: expandStage(stage!, null, catalog),
  });
  const worker = await registerWorker(store);
  const runs = await runsOf(store, id);
  expect(runs).toHaveLength(4);
  for (const run of runs) {
    const claimed = await store.runs.claim(run.id, run.fence, worker);
    const own = await inspectDataset(claimed!.cell.dataset, { roots: [] });
    expect(own).toMatchObject({ facts: { hash: claimed!.datasetHash } });
  }
});
