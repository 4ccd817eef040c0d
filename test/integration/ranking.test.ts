import { inspectDataset } from '@trawl/datasets/inspect';
import { catalog } from '@trawl/models/catalog';
import { bestOf, rankCells, seededRandom } from '@trawl/search';
import type { Best, Ranking, RunView, Summary, SweepView } from '@trawl/spec';
import { openStore, type StageRow, type Store } from '@trawl/store';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildApp } from '../../apps/api/dist/app.js';
import { startScheduler } from '../../apps/scheduler/dist/scheduler.js';
import { startApi, type TestApi } from '../support/api.js';
import { smallSpec, stagedSpec } from '../support/specs.js';
import { registerWorker, runsOf } from '../support/training.js';

/* What is kept of rankings and counts, put right event by event, is what all runs together give. */

let api: TestApi;
let worker: string;
/** A second api process. */
let otherStore: Store;
let other: ReturnType<typeof buildApp>;
const log = pino({ level: 'silent' });

beforeAll(async () => {
  api = await startApi();
  worker = await registerWorker(api.store);
  otherStore = await openStore({ databaseUrl: api.databaseUrl });
  const { files, queues } = api;
  other = buildApp({
    store: otherStore,
    files,
    queues,
    catalog,
    inspect: (dataset, at) => inspectDataset(dataset, { roots: [], at }),
    log,
  });
});
afterAll(async () => {
  await other.close();
  await otherStore.close();
  await api.close();
});

test.each([
  ['staged', 3],
  ['partial', 2],
])('%s sweep, dice %i: pages, values and the best are those of all runs', async (kind, seed) => {
  const random = seededRandom(seed);
  const draw = (n: number): number => Math.floor(random() * n);
  const pick = <T>(from: readonly T[]): T | undefined => from[draw(from.length)];
  const scheduler = startScheduler({ store: api.store, queues: api.queues, catalog, log, intervalMs: 0 });
  const id = await api.submit(kind === 'staged' ? stagedSpec() : partialSpec());
  const post = (path: string, payload: object) =>
    api.inject({ method: 'POST', url: `/v1/sweeps/${id}/${path}`, payload });

  const summaryOf = (): Summary => ({
    'train.latent_correlation': pick([0.1, 0.1, 0.2, 0.2, 0.2, 0.3, 0.3, Number.NaN]) ?? 0,
    'train.unsupervised_units': 2,
    // Collapsed now and then: not eligible.
    'train.active_units': draw(8) === 0 ? 1 : 2,
    'val.label_mse': pick([0.1, 0.2, 0.5]) ?? 0,
  });
  const end = async (run: RunView | undefined): Promise<void> => {
    const claimed = run && (await api.store.runs.claim(run.id, run.fence, worker));
    if (!claimed) return;
    const { runId, fence } = claimed;
    const how = draw(12);
    if (how === 0) await api.store.runs.fail(runId, fence, 'diverged', 'NaN');
    else if (how === 1) await api.store.runs.fail(runId, fence, 'invalid_data', 'no data');
    else if (how === 2) await api.store.runs.release(runId, fence, 'drained');
    else await api.store.runs.succeed(runId, fence, summaryOf());
  };
  const step = async (): Promise<void> => {
    const runs = await runsOf(api.store, id);
    const inState = (...states: RunView['state'][]) => pick(runs.filter(({ state }) => states.includes(state)));
    const stages = await api.store.stages.list(id);
    switch (draw(10)) {
      case 0:
        return void (await api.store.runs.retry(inState('failed', 'cancelled')?.id ?? ''));
      case 1:
        return void (draw(4) === 0 && (await api.store.runs.cancel(inState('queued')?.id ?? '')));
      case 2:
        return void (draw(4) === 0 && (await post('extend', { stage: stages[0]!.name, seeds: 1 })));
      case 3:
        return void (
          draw(4) === 0 && (await post('extend', { stage: stages[0]!.name, values: { alpha: [draw(900)] } }))
        );
      case 4:
        return void (draw(4) === 0 && (await post('refit', { top: 2, seeds: 2 })));
      case 5: {
        const waiting = stages.find(({ state }) => state === 'awaiting_review');
        const { cells = [] } = waiting ? await api.store.stages.results(waiting.id) : {};
        return void (await post(`stages/${waiting?.name}/approve`, { who: 'ada', cellId: pick(cells)?.cellId }));
      }
      default: {
        for (let n = draw(6); n >= 0; n -= 1) await end(pick((await runsOf(api.store, id)).filter(isQueued)));
      }
    }
  };

  const read = async (app: TestApi['app'], path: string) => (await app.inject(`/v1/sweeps/${id}/${path}`)).json();
  let ranked = 0;
  for (let n = 0; n < 40; n += 1) {
    if (n === 38) await api.store.sweeps.cancel(id);
    else await step();
    await scheduler.tick();
    const { items } = (await pick([api.app, other])!.inject('/v1/sweeps')).json();
    const counted = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
    for (const { state } of await runsOf(api.store, id)) counted[state] += 1;
    expect(items.find((sweep: SweepView) => sweep.id === id).runs).toEqual(counted);
    for (const stage of await api.store.stages.list(id)) {
      const by = pick(['cell', 'cell', stage.name === 'alpha' ? 'alpha' : 'beta']);
      const query = `ranking?stage=${stage.name}&by=${by}${pick(['', '&metric=val.label_mse&direction=max'])}`;
      // From all runs of the stage.
      const whole: Ranking = await read(api.app, query);
      const of = (from: number, to: number): Ranking => ({ ...whole, cells: whole.cells.slice(from, to) });
      const both = [read(api.app, `${query}&limit=3`), read(other, `${query}&limit=2&offset=3`)];
      expect(await Promise.all(both)).toEqual([of(0, 3), of(3, 5)]);
      ranked += whole.cells.filter(({ rank }) => rank !== null).length;
      const best = await read(pick([api.app, other])!, `best?stage=${stage.name}`);
      expect('cellId' in best ? best : null).toEqual(await bestOfAll(id, stage, api.store));
    }
  }
  expect(ranked).toBeGreaterThan(20);
  await scheduler.close();
});

const isQueued = ({ state }: RunView): boolean => state === 'queued';

const partialSpec = () => ({
  ...smallSpec(),
  select: {
    rule: 'min',
    metric: 'train.latent_correlation',
    aggregate: 'median',
    allowPartial: true,
    minActive: 1,
    where: [{ metric: 'val.label_mse', atMost: 0.4 }],
  },
});

/** What `best` has to answer, from all runs of the stage; null where it has none. */
async function bestOfAll(sweepId: string, stage: StageRow, store: Store): Promise<Best | null> {
  const { plan, selectedCellId: cellId, why } = stage;
  const stages = await store.stages.list(sweepId);
  if (plan.select === null || stage.state !== 'done' || cellId === null) return null;
  const card = catalog.get(plan.model)!;
  const results = await store.stages.results(stage.id);
  const nearest = (at: StageRow) =>
    stages.findLast((each) => each.plan.kind === 'search' && each.ordinal <= at.ordinal);
  const refits = stages.filter((each) => each.plan.kind === 'refit' && nearest(each)?.id === stage.id);
  const refitRuns = await Promise.all(refits.map(async (each) => (await store.stages.results(each.id)).runs));
  const best: Best = bestOf({
    ...plan.select,
    ...results,
    card,
    sweepId,
    stages: stages.map((each) => each.plan),
    stage: plan,
    ranked: rankCells({ ...plan.select, ...results, card }),
    selected: { cellId, why: why ?? '' },
    refits: refitRuns.flat(),
  });
  return best;
}
