import { dispatch, openQueue, repair, type RunJob, type RunQueue } from '@trawl/queue';
import { openStore, type Store } from '@trawl/store';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { addSweep, addWorker, betas } from '../support/sweeps.js';

let database: TestDatabase;
let pool: Pool;
let store: Store;
let cpu: RunQueue;
let gpu: RunQueue;
let queues: RunQueue[];

beforeAll(async () => {
  database = await freshDatabase();
  pool = new Pool({ connectionString: database.databaseUrl, max: 1 });
  store = await openStore({ databaseUrl: database.databaseUrl });
});
afterAll(async () => {
  await store.close();
  await pool.end();
  await database.drop();
});

beforeEach(async () => {
  cpu = await openQueue({ url: database.databaseUrl, capability: 'cpu' });
  gpu = await openQueue({ url: database.databaseUrl, capability: 'gpu' });
  queues = [cpu, gpu];
});
afterEach(async () => {
  await Promise.all(queues.map((queue) => queue.close()));
  for (const { id } of (await store.sweeps.list({ limit: 100 })).items) {
    await store.sweeps.cancel(id);
    await store.sweeps.delete(id);
  }
  await pool.query('update worker set gone_at = now() where gone_at is null');
  await pool.query('delete from bullmq.job');
});

const waiting = async () => ({ cpu: (await cpu.depth()).waiting, gpu: (await gpu.depth()).waiting });
const idOf = ({ runId, fence }: RunJob) => `${runId}/${fence}`;

it('lets a few runs wait for the first worker, whatever it can', async () => {
  await addSweep(store, { cells: betas(20) });
  expect(await dispatch(store, queues)).toHaveLength(4);
  expect(await waiting()).toEqual({ cpu: 4, gpu: 0 });
  expect(await dispatch(store, queues)).toEqual([]);
  await addWorker(store, { slots: 1, capability: 'gpu' });
  expect(await dispatch(store, queues)).toHaveLength(2);
  expect((await waiting()).gpu).toBe(2);
  expect((await store.runs.dispatched()).map((run) => run.capability)).toEqual(['gpu', 'gpu']);
});

it('keeps twice the slots in hand, and never fewer than two waiting', async () => {
  await addSweep(store, { cells: betas(40) });
  const worker = await addWorker(store, { slots: 3 });
  expect(await dispatch(store, queues)).toHaveLength(6);
  for (const { runId, fence } of (await store.runs.dispatched()).slice(0, 3)) {
    expect(await store.runs.claim(runId, fence, worker)).not.toBeNull();
  }
  // 3 run, 3 wait.
  expect(await dispatch(store, queues)).toEqual([]);
  const [next] = await store.runs.dispatched();
  await store.runs.cancel(next!.runId);
  expect(await dispatch(store, queues)).toHaveLength(1);

  await store.workers.gone(worker);
  const small = await addWorker(store, { slots: 1 });
  const [first] = await store.runs.dispatched();
  await store.runs.claim(first!.runId, first!.fence, small);
  for (const { runId } of await store.runs.dispatched()) await store.runs.cancel(runId);
  expect(await dispatch(store, queues)).toHaveLength(2);
});

it('leaves runs where they wait while no worker is there', async () => {
  await addSweep(store, { cells: betas(20) });
  const worker = await addWorker(store, { slots: 2, capability: 'gpu' });
  await dispatch(store, queues);
  expect(await waiting()).toEqual({ cpu: 0, gpu: 4 });
  await store.workers.gone(worker);
  expect(await dispatch(store, queues)).toEqual([]);
  await addWorker(store, { slots: 2 });
  await dispatch(store, queues);
  expect((await store.runs.dispatched()).map((run) => run.capability)).toEqual(['cpu', 'cpu', 'cpu', 'cpu']);
});

it('fills free slots before it keeps a reserve, those of a GPU first', async () => {
  await addSweep(store, { cells: betas(4) });
  await addWorker(store, { slots: 3 });
  await addWorker(store, { slots: 2, capability: 'gpu' });
  await dispatch(store, queues);
  expect(await waiting()).toEqual({ gpu: 2, cpu: 2 });
});

it('adds each run once, however many dispatch at the same time', async () => {
  await addSweep(store, { cells: betas(50) });
  await addWorker(store, { slots: 5 });
  const moved = (await Promise.all(Array.from({ length: 4 }, () => dispatch(store, queues)))).flat();
  expect(new Set(moved.map(idOf)).size).toBe(moved.length);
  expect((await waiting()).cpu).toBe(moved.length);
  expect(moved.length).toBeGreaterThanOrEqual(10);
});

it('adds again what the queue lost, and nothing else', async () => {
  await addSweep(store, { cells: betas(20) });
  await addWorker(store, { slots: 3 });
  const moved = await dispatch(store, queues);
  expect(await repair(store, queues)).toEqual([]);
  const lost = moved.slice(0, 2);
  await pool.query(`delete from bullmq.job where id = any($1)`, [lost.map((run) => `run-${run.runId}-${run.fence}`)]);
  expect((await repair(store, queues)).map(idOf).sort()).toEqual(lost.map(idOf).sort());
  expect(await cpu.has(moved)).toEqual(moved.map(() => true));
});

it('adds what was marked but never added', async () => {
  await addSweep(store, { cells: betas(5) });
  const marked = await store.runs.takeForDispatch(3, 'gpu');
  expect((await repair(store, queues)).map(idOf).sort()).toEqual(marked.map(idOf).sort());
  expect(await gpu.has(marked)).toEqual([true, true, true]);
});

it('does not dispatch what is paused, and does again when it is resumed', async () => {
  const sweep = await addSweep(store, { cells: betas(5) });
  await addWorker(store, { slots: 2 });
  await dispatch(store, queues);
  await store.sweeps.pause(sweep);
  expect(await dispatch(store, queues)).toEqual([]);
  expect(await repair(store, queues)).toEqual([]);
  await store.sweeps.resume(sweep);
  expect(await dispatch(store, queues)).toHaveLength(4);
});
