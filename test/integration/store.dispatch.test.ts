import { type Store, openStore } from '@trawl/store';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { addSweep, addWorker, betas, runsOf } from '../support/sweeps.js';

let database: TestDatabase;
let store: Store;

beforeEach(async () => {
  database = await freshDatabase();
  store = await openStore(database);
});

afterEach(async () => {
  await store.close();
  await database.drop();
});

const take = (limit: number) => store.runs.takeForDispatch(limit, 'cpu');
const countBySweep = (runs: { sweepId: string }[], sweep: string): number =>
  runs.filter((run) => run.sweepId === sweep).length;

test('within a sweep the oldest goes first, and nothing goes twice', async () => {
  const sweep = await addSweep(store, { cells: betas(5) });
  const runs = await runsOf(store, sweep);
  expect((await take(2)).map((run) => run.runId)).toEqual(runs.slice(0, 2));
  expect((await take(9)).map((run) => run.runId)).toEqual(runs.slice(2));
  expect(await take(9)).toEqual([]);
  expect(await take(0)).toEqual([]);
});

test('runs come cell by cell, seed by seed', async () => {
  await addSweep(store, { cells: betas(2), seeds: [3, 1] });
  const views = await Promise.all((await take(9)).map((run) => store.runs.detail(run.runId)));
  expect(views.map((run) => [run?.point, run?.seed])).toEqual([
    [{ beta: 0 }, 3],
    [{ beta: 0 }, 1],
    [{ beta: 1 }, 3],
    [{ beta: 1 }, 1],
  ]);
});

test('a higher priority goes before a lower one, whatever the shares', async () => {
  const low = await addSweep(store, { cells: betas(4), execution: { weight: 100 } });
  const high = await addSweep(store, { cells: betas(2), execution: { priority: 5 } });
  expect((await take(4)).map((run) => run.sweepId)).toEqual([high, high, low, low]);
});

test('sweeps of one priority share by weight, in every prefix', async () => {
  const one = await addSweep(store, { cells: betas(40), execution: { weight: 1 } });
  const three = await addSweep(store, { cells: betas(40), execution: { weight: 3 } });
  const taken = await take(16);
  expect(countBySweep(taken, one)).toBe(4);
  expect(countBySweep(taken, three)).toBe(12);
  for (let n = 4; n <= 16; n += 4) expect(countBySweep(taken.slice(0, n), one)).toBe(n / 4);
});

test('a sweep that comes later catches up with what the first has under way', async () => {
  const first = await addSweep(store, { cells: betas(20) });
  await take(6);
  const second = await addSweep(store, { cells: betas(20) });
  const next = await take(10);
  expect(countBySweep(next, second)).toBe(8);
  expect(countBySweep(next, first)).toBe(2);
});

test('maxParallel counts running and dispatched runs', async () => {
  const worker = await addWorker(store);
  await addSweep(store, { cells: betas(6), execution: { maxParallel: 2 } });
  const [a, b, ...more] = await take(5);
  expect(more).toEqual([]);
  await store.runs.claim(a!.runId, a!.fence, worker);
  expect(await take(5)).toEqual([]);
  await store.runs.succeed(a!.runId, 1, {});
  expect(await take(5)).toHaveLength(1);
  await store.runs.undispatch([b!]);
  expect((await take(5)).map((run) => run.runId)).toEqual([b!.runId]);
});

test('ten dispatchers at once do not pass maxParallel, and take nothing twice', async () => {
  const narrow = await addSweep(store, { cells: betas(30), execution: { maxParallel: 7 } });
  await addSweep(store, { cells: betas(30) });
  const taken = (await Promise.all(Array.from({ length: 10 }, () => take(5)))).flat();
  expect(new Set(taken.map((run) => run.runId)).size).toBe(taken.length);
  expect(countBySweep(taken, narrow)).toBe(7);
  expect(taken).toHaveLength(37);
});

test('a sweep that does not run gives nothing, and takes its marks back', async () => {
  const sweep = await addSweep(store, { cells: betas(3) });
  await take(1);
  await store.sweeps.pause(sweep);
  expect(await store.runs.dispatched()).toEqual([]);
  expect(await take(5)).toEqual([]);
  await store.sweeps.resume(sweep);
  expect(await take(5)).toHaveLength(3);
  await store.sweeps.cancel(sweep);
  expect(await take(5)).toEqual([]);
  expect(await store.runs.dispatched()).toEqual([]);
});

test('what is dispatched can be listed for repair until it is claimed', async () => {
  const worker = await addWorker(store);
  await addSweep(store, { cells: betas(2) });
  const [first] = await take(1);
  const [second] = await store.runs.takeForDispatch(1, 'gpu');
  expect(await store.runs.dispatched()).toEqual([
    { runId: first!.runId, fence: 0, capability: 'cpu' },
    { runId: second!.runId, fence: 0, capability: 'gpu' },
  ]);
  await store.runs.claim(first!.runId, 0, worker);
  expect(await store.runs.dispatched()).toHaveLength(1);
  expect(await store.runs.undispatch([{ runId: second!.runId, fence: 7 }])).toBe(0);
  expect(await store.runs.undispatch([{ runId: second!.runId, fence: 0 }])).toBe(1);
});

test('slots are those of living workers', async () => {
  const worker = await addWorker(store, { slots: 3 });
  const gone = await addWorker(store, { slots: 5 });
  await addWorker(store, { slots: 2, capability: 'gpu' });
  await store.workers.gone(gone);
  await addSweep(store, { cells: betas(3) });
  const [a] = await take(2);
  await store.runs.claim(a!.runId, 0, worker);
  expect(await store.workers.freeSlots('cpu')).toEqual({ slots: 3, busy: 1, dispatched: 1 });
  expect(await store.workers.freeSlots('gpu')).toEqual({ slots: 2, busy: 0, dispatched: 0 });
  expect(await store.workers.heartbeat(gone)).toBe(false);
  const views = await store.workers.list();
  expect(views.map((view) => view.alive)).toEqual([true, true, false]);
  expect(views.find((view) => view.id === worker)?.runs).toMatchObject([{ runId: a!.runId }]);
});

test('the head of a long line is taken, the rest waits', async () => {
  const sweep = await addSweep(store, { cells: betas(2_000), seeds: [1, 2, 3, 4, 5] });
  expect(await take(8)).toHaveLength(8);
  expect((await store.sweeps.detail(sweep))?.runs.queued).toBe(10_000);
});

test('a sweep of ten thousand does not starve one of four', async () => {
  const large = await addSweep(store, { cells: betas(2_000), seeds: [1, 2, 3, 4, 5] });
  expect(countBySweep(await take(16), large)).toBe(16);
  const small = await addSweep(store, { cells: betas(4) });
  // Slots come free one by one; whoever has less under way goes first.
  const worker = await addWorker(store, { slots: 16 });
  const order: string[] = [];
  const running = [...(await store.runs.dispatched())];
  for (const { runId, fence } of running) expect(await store.runs.claim(runId, fence, worker)).not.toBeNull();
  for (let n = 0; n < 8; n += 1) {
    const { runId, fence } = running[n]!;
    await store.runs.succeed(runId, fence + 1, {});
    order.push(...(await take(1)).map((run) => (run.sweepId === small ? 'small' : 'large')));
  }
  expect(order).toEqual([...Array.from({ length: 4 }, () => 'small'), ...Array.from({ length: 4 }, () => 'large')]);
});
