import { openStore, type StateChange, type Store } from '@trawl/store';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { addSweep, addWorker, betas, runsOf, stagePlan } from '../support/sweeps.js';

let database: TestDatabase;
let store: Store;
let worker: string;

beforeEach(async () => {
  database = await freshDatabase();
  store = await openStore(database);
  worker = await addWorker(store);
});

afterEach(async () => {
  await store.close();
  await database.drop();
});

const take = (limit: number) => store.runs.takeForDispatch(limit, 'cpu');

test('a paused run that waits is neither dispatched nor claimed until it is resumed', async () => {
  const sweep = await addSweep(store, { cells: betas(3) });
  const [first = '', second = '', third = ''] = await runsOf(store, sweep);
  const [marked] = await take(1);
  expect(await store.runs.pause(first)).toBe('queued');
  expect(await store.runs.pause(second)).toBe('queued');
  expect(await store.runs.pause(first)).toBeNull();
  // Its job may lie in a queue already.
  expect(await store.runs.claim(marked!.runId, marked!.fence, worker)).toBeNull();
  expect(await store.runs.dispatched()).toEqual([]);
  expect((await take(9)).map((run) => run.runId)).toEqual([third]);
  expect((await store.runs.detail(first))?.paused).toBe(true);

  expect(await store.runs.resume(first)).toBe('queued');
  expect(await store.runs.resume(first)).toBeNull();
  expect((await take(9)).map((run) => run.runId)).toEqual([first]);
  expect((await store.runs.detail(first))?.paused).toBeUndefined();
  expect(await store.runs.claim(first, 0, worker)).not.toBeNull();
  // The other one keeps the sweep from ending.
  expect(await store.sweeps.settled()).toEqual([]);
});

test('a paused run that runs is told at its next renewal, and waits once it is released', async () => {
  const sweep = await addSweep(store, { cells: betas(1) });
  const [id = ''] = await runsOf(store, sweep);
  await take(1);
  await store.runs.claim(id, 0, worker);
  expect(await store.runs.renew(worker, [{ runId: id, fence: 1 }])).toEqual(new Map([[id, 'held']]));
  expect(await store.runs.pause(id)).toBe('running');
  expect(await store.runs.renew(worker, [{ runId: id, fence: 1 }])).toEqual(new Map([[id, 'paused']]));
  expect(await store.runs.release(id, 1, 'paused')).toBe(true);
  expect(await store.runs.detail(id)).toMatchObject({ state: 'queued', paused: true, failures: 0 });
  expect(await take(9)).toEqual([]);
  const paused = (await store.events.since(sweep, 0, 100)).filter(({ data }) => data['paused'] === true);
  expect(paused).toMatchObject([{ type: 'run', data: { runId: id, state: 'running' } }]);
});

test('each change of state is told of once, with its ids; that of many runs at once by stage', async () => {
  const changes: StateChange[] = [];
  const teller = await openStore({ ...database, onChange: (change) => changes.push(change) });
  try {
    const id = await addSweep(teller, {
      cells: betas(3),
      stages: [stagePlan(), stagePlan({ name: 'more', ordinal: 1 })],
    });
    const runs = await runsOf(teller, id);
    const stages = (await teller.stages.list(id)).map((stage) => stage.id);
    const stageId = stages[0]!;
    const [claimed] = await teller.runs.takeForDispatch(1, 'cpu');
    const { runId } = claimed!;
    await teller.runs.claim(runId, 0, worker);
    await teller.runs.release(runId, 1, 'drained');
    await teller.runs.claim(runId, 2, worker);
    await teller.sweeps.cancel(id);
    await teller.runs.retry(runId);
    await teller.sweeps.delete(id);
    const others = runs.filter((each) => each !== runId).toSorted();
    const all = runs.toSorted();
    expect(changes).toMatchObject([
      { what: 'sweep', from: null, to: 'running' },
      { what: 'stage', stageId: stages[1], from: null, to: 'pending' },
      { what: 'runs', stageId, from: null, to: 'queued', runs: 3, first: all[0], last: all[2] },
      { what: 'stage', stageId, from: null, to: 'running' },
      { what: 'run', stageId, runId, attempt: 1, from: 'queued', to: 'running' },
      { what: 'run', stageId, runId, attempt: 1, from: 'running', to: 'queued', end: 'drained' },
      { what: 'run', stageId, runId, attempt: 3, from: 'queued', to: 'running' },
      { what: 'runs', stageId, from: 'queued', to: 'cancelled', runs: 2, first: others[0], last: others[1] },
      { what: 'runs', stageId, from: 'running', to: 'cancelled', runs: 1, first: runId, last: runId },
      { what: 'stage', to: 'cancelled' },
      { what: 'stage', to: 'cancelled' },
      { what: 'sweep', from: 'running', to: 'cancelled' },
      { what: 'sweep', from: 'cancelled', to: 'deleted' },
    ]);
    expect(new Set(changes.map((change) => change.sweepId))).toEqual(new Set([id]));
  } finally {
    await teller.close();
  }
});

test('a run that ends is paused no more', async () => {
  const sweep = await addSweep(store, { cells: betas(3) });
  const [done = '', cancelled = '', running = ''] = await runsOf(store, sweep);
  for (const { runId, fence } of await take(3)) await store.runs.claim(runId, fence, worker);
  for (const id of [done, cancelled, running]) await store.runs.pause(id);
  await store.runs.succeed(done, 1, {});
  await store.runs.cancel(cancelled);
  expect(await store.runs.pause(done)).toBeNull();
  await store.runs.retry(cancelled);
  expect((await take(9)).map((run) => run.runId)).toEqual([cancelled]);
  await store.sweeps.cancel(sweep);
  for (const id of [done, cancelled, running]) expect((await store.runs.detail(id))?.paused).toBeUndefined();
});

test('a project with a limit gets no more than it, over all its sweeps and dispatchers', async () => {
  await store.projects.limit('default', 3);
  await addSweep(store, { cells: betas(10) });
  await addSweep(store, { cells: betas(10) });
  const taken = (await Promise.all(Array.from({ length: 6 }, () => take(4)))).flat();
  expect(taken).toHaveLength(3);
  expect(new Set(taken.map(({ sweepId }) => sweepId)).size).toBe(2);
  expect(await store.projects.list()).toEqual([{ project: 'default', maxParallel: 3, busy: 3 }]);
  const [run] = taken;
  await store.runs.claim(run!.runId, run!.fence, worker);
  expect(await take(9)).toEqual([]);
  await store.runs.succeed(run!.runId, run!.fence + 1, {});
  expect(await take(9)).toHaveLength(1);
  await store.projects.limit('default', 1);
  expect(await take(9)).toEqual([]);
  await store.projects.limit('default', null);
  expect(await store.projects.list()).toEqual([]);
  expect(await take(5)).toHaveLength(5);
});

test('a run asks for its share of a GPU, and for all of one after it was out of memory', async () => {
  const sweep = await addSweep(store, { cells: betas(1), execution: { gpuShare: 0.25 } });
  const [id = ''] = await runsOf(store, sweep);
  expect(await store.runs.demand(id)).toEqual({ gpuShare: 0.25, alone: false, model: 'ps-vae' });
  await store.runs.claim(id, 0, worker);
  await store.runs.fail(id, 1, 'out_of_memory', 'too large');
  expect(await store.runs.demand(id)).toMatchObject({ alone: true });
  await store.runs.claim(id, 2, worker);
  await store.runs.fail(id, 3, 'crashed', 'of something else');
  expect(await store.runs.demand(id)).toMatchObject({ alone: false });
  expect(await store.runs.demand('no-id')).toBeNull();
});
