import { type Store, openStore } from '@trawl/store';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { addSweep, addWorker, betas, runsOf } from '../support/sweeps.js';

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
