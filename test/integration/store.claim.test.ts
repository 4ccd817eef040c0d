import { type Store, openStore } from '@trawl/store';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { addSweep, addWorker, betas, runsOf } from '../support/sweeps.js';

let database: TestDatabase;
let store: Store;
let worker: string;

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ databaseUrl: database.databaseUrl, poolSize: 20 });
  worker = await addWorker(store);
});

afterAll(async () => {
  await store.close();
  await database.drop();
});

async function sql(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: database.databaseUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows;
  } finally {
    await client.end();
  }
}

const expire = (runId: string) =>
  sql("update run set lease_until = now() - interval '1 second' where id = $1", [runId]);
const steps = async (runId: string): Promise<number[]> =>
  (await store.metrics.curves(runId)).flatMap((curve) => curve.steps);
const at = (step: number) => ({ epoch: 0, step, split: 'train' as const, name: 'loss', value: step });

async function oneRun(maxFailures = 3): Promise<string> {
  const sweep = await addSweep(store, { cells: betas(1), execution: { maxFailures } });
  return (await runsOf(store, sweep))[0]!;
}

test('of eight workers that claim runs, each on its own connection, one gets each', async () => {
  const stores = await Promise.all(Array.from({ length: 8 }, () => openStore({ ...database, poolSize: 1 })));
  for (let round = 0; round < 10; round++) {
    const runs = [await oneRun(), await oneRun()];
    // In turns the one way and the other: batches that lock two sweeps must not wait for each other.
    const claims = await Promise.all(
      stores.flatMap((each, i) =>
        (i % 2 === 0 ? runs : runs.toReversed()).map((run) => each.runs.claim(run, 0, worker)),
      ),
    );
    expect(claims.flatMap((claim) => claim?.runId ?? []).toSorted()).toEqual(runs.toSorted());
    for (const run of runs) expect(await store.runs.attempts(run)).toHaveLength(1);
  }
  await Promise.all(stores.map((each) => each.close()));
});

test('without compare and set several get it: the test above would notice', async () => {
  const unsafe = await openStore({ databaseUrl: database.databaseUrl, poolSize: 16, unsafe: { noCas: true } });
  const run = await oneRun();
  const claims = await Promise.all(Array.from({ length: 16 }, () => unsafe.runs.claim(run, 0, worker)));
  expect(claims.filter((claim) => claim !== null).length).toBeGreaterThan(1);
  await unsafe.close();
});

test('a claim hands out all that training needs', async () => {
  const run = await oneRun();
  const claim = await store.runs.claim(run, 0, worker);
  expect(claim).toMatchObject({
    runId: run,
    fence: 1,
    seed: 1,
    cell: {
      model: 'ps-vae',
      modelVersion: '1',
      params: { beta: 0, alpha: 1 },
      point: { beta: 0 },
      dataset: { kind: 'behaviour' },
    },
    datasetHash: 'd'.repeat(64),
    stallMinutes: 10,
    timeoutMinutes: null,
    checkpoint: null,
    weights: null,
    weightsWanted: false,
    files: [],
  });
  const detail = await store.runs.detail(run);
  expect(detail).toMatchObject({ state: 'running', fence: 1, worker: 'here:1' });
  expect(detail?.startedAt).not.toBeNull();
});

test('a claim hands out the uploaded weights that params name', async () => {
  const [cell] = betas(1);
  const [here, gone] = ['a', 'b'].map((digit) => digit.repeat(64));
  const params = { ...cell!.params, look: `sha256:${here}`, lost: `sha256:${gone}`, plain: here! };
  const weights = {
    name: 'vgg',
    kind: 'weights',
    mediaType: 'application/octet-stream',
    sha256: here!,
    size: 3,
  } as const;
  await store.artifacts.addLoose(weights);
  const newest = await store.artifacts.addLoose(weights);
  await store.artifacts.addLoose({ ...weights, kind: 'other', sha256: gone! });
  const [run] = await runsOf(store, await addSweep(store, { cells: [{ ...cell!, params }] }));
  const claim = await store.runs.claim(run!, 0, worker);
  expect(claim?.files).toEqual([{ id: newest, name: 'vgg', sha256: here, size: 3, epoch: null, step: null }]);
});

test('a run is claimed only at the fence at which it was dispatched', async () => {
  const run = await oneRun();
  expect(await store.runs.claim(run, 1, worker)).toBeNull();
  expect(await store.runs.claim(run, 0, worker)).not.toBeNull();
  expect(await store.runs.claim('no uuid', 0, worker)).toBeNull();
  expect(await store.runs.claim('0190a000-0000-7000-8000-000000000000', 0, worker)).toBeNull();
});

test('a paused sweep gives out no runs', async () => {
  const sweep = await addSweep(store, { cells: betas(1) });
  const [run] = await runsOf(store, sweep);
  await store.sweeps.pause(sweep);
  expect(await store.runs.claim(run!, 0, worker)).toBeNull();
  await store.sweeps.resume(sweep);
  expect(await store.runs.claim(run!, 0, worker)).not.toBeNull();
});

const artifact = { name: 'a', kind: 'figure', mediaType: 'image/png', sha256: 'a'.repeat(64), size: 1 } as const;
const info = { backend: 'cpu' as const, device: 'cpu', threads: 1, versions: {} };

/** Every write that a trainer makes, answering whether it was taken. */
const WRITES: Record<string, (s: Store, run: string, fence: number) => Promise<boolean>> = {
  ingest: (s, run, fence) => s.metrics.ingest(run, fence, [at(1)]),
  progress: (s, run, fence) => s.runs.progress(run, fence, { epoch: 1, epochs: 2, step: 3 }),
  attemptInfo: (s, run, fence) => s.runs.attemptInfo(run, fence, info),
  record: async (s, run, fence) => (await s.artifacts.record(run, fence, artifact)) !== null,
  release: (s, run, fence) => s.runs.release(run, fence, 'drained'),
  succeed: (s, run, fence) => s.runs.succeed(run, fence, { 'val.loss': 1 }),
  fail: async (s, run, fence) => (await s.runs.fail(run, fence, 'crashed', 'boom')) !== null,
};

test.each(Object.keys(WRITES))('%s: taken at the fence of the claim, refused at any other', async (name) => {
  const write = WRITES[name]!;
  const run = await oneRun();
  expect(await write(store, run, 0)).toBe(false);
  await store.runs.claim(run, 0, worker);
  expect(await write(store, run, 0)).toBe(false);
  expect(await write(store, run, 2)).toBe(false);
  expect(await write(store, run, 1)).toBe(true);
});

test.each(Object.keys(WRITES))('%s: refused once the reaper gave the run to another', async (name) => {
  const write = WRITES[name]!;
  const run = await oneRun();
  await store.runs.claim(run, 0, worker);
  await expire(run);
  await store.runs.reap();
  expect(await write(store, run, 1)).toBe(false);
  await store.runs.claim(run, 2, worker);
  const before = await store.runs.detail(run);
  expect(await write(store, run, 1)).toBe(false);
  expect(await store.runs.detail(run)).toEqual(before);
  expect(await steps(run)).toEqual([]);
  expect(await store.artifacts.of(run)).toEqual([]);
});

test.each(['ingest', 'progress', 'record', 'succeed', 'fail'])(
  '%s: without the fence a stale owner writes: the tests above would notice',
  async (name) => {
    const unsafe = await openStore({ databaseUrl: database.databaseUrl, unsafe: { noFence: true } });
    const run = await oneRun();
    await store.runs.claim(run, 0, worker);
    await expire(run);
    await store.runs.reap();
    await store.runs.claim(run, 2, worker);
    expect(await WRITES[name]!(unsafe, run, 1)).toBe(true);
    await unsafe.close();
  },
);

test('a write under way holds the run: the reaper waits for it, and it is kept', async () => {
  const run = await oneRun();
  await store.runs.claim(run, 0, worker);
  const client = new Client({ connectionString: database.databaseUrl });
  await client.connect();
  await client.query('begin');
  await client.query("select id from run where id = $1 and state = 'running' and fence = 1 for share", [run]);
  const cancelled = store.runs.cancel(run);
  const early = await Promise.race([cancelled, new Promise((resolve) => setTimeout(resolve, 200, 'waits'))]);
  expect(early).toBe('waits');
  await client.query('commit');
  expect(await cancelled).toBe('cancelled');
  await client.end();
});

const checkpoint = (step: number) =>
  ({
    name: `checkpoint-${step}`,
    kind: 'checkpoint',
    mediaType: 'application/octet-stream',
    sha256: String(step % 10).repeat(64),
    size: 9,
    epoch: step,
    step,
  }) as const;

test('claim, release and reap take the run back to its checkpoint', async () => {
  const run = await oneRun(10);
  await store.runs.claim(run, 0, worker);
  await store.metrics.ingest(run, 1, [1, 2, 3].map(at));
  await store.runs.release(run, 1, 'drained');
  expect(await steps(run)).toEqual([]);

  await store.runs.claim(run, 2, worker);
  await store.metrics.ingest(run, 3, [1, 2].map(at));
  await store.artifacts.record(run, 3, checkpoint(2));
  await store.metrics.ingest(run, 3, [3, 4].map(at));
  await store.runs.progress(run, 3, { epoch: 4, epochs: 9, step: 4 });
  await expire(run);
  expect(await store.runs.reap()).toEqual([{ runId: run, state: 'queued' }]);
  expect(await steps(run)).toEqual([1, 2]);
  expect(await store.runs.detail(run)).toMatchObject({
    epoch: 2,
    epochs: 9,
    step: 2,
    failures: 1,
    failureClass: 'lost',
  });

  const claim = await store.runs.claim(run, 4, worker);
  expect(claim?.checkpoint).toMatchObject({ name: 'checkpoint-2', step: 2, epoch: 2, size: 9 });
  expect(await steps(run)).toEqual([1, 2]);
});

test('a renewal answers for every run asked about', async () => {
  const [held, paused, cancelled] = await Promise.all([oneRun(), oneRun(), oneRun()]);
  for (const run of [held, paused, cancelled]) await store.runs.claim(run, 0, worker);
  const pausedSweep = (await store.runs.detail(paused))!.sweepId;
  await store.sweeps.pause(pausedSweep);
  await store.runs.cancel(cancelled);
  await sql("update run set lease_until = now() + interval '1 second' where id = $1", [held]);
  const other = await addWorker(store, { pid: 2 });

  const held1 = [held, paused, cancelled, 'no uuid'].map((runId) => ({ runId, fence: 1 }));
  const answers = await store.runs.renew(worker, held1);
  expect([...answers]).toEqual([
    [held, 'held'],
    [paused, 'paused'],
    [cancelled, 'lost'],
    ['no uuid', 'lost'],
  ]);
  expect((await store.runs.renew(other, [{ runId: held, fence: 1 }])).get(held)).toBe('lost');
  const [row] = await sql("select lease_until > now() + interval '25 seconds' as renewed from run where id = $1", [
    held,
  ]);
  expect(row).toEqual({ renewed: true });
});

test('the reaper takes nothing whose lease still runs, and one of several reapers wins', async () => {
  const run = await oneRun(1);
  await store.runs.claim(run, 0, worker);
  expect(await store.runs.reap()).toEqual([]);
  await expire(run);
  const reaped = await Promise.all(Array.from({ length: 4 }, () => store.runs.reap()));
  expect(reaped.flat()).toEqual([{ runId: run, state: 'failed' }]);
  const [attempt] = await store.runs.attempts(run);
  expect(attempt).toMatchObject({ end: 'lost', message: 'worker here:1 stopped renewing its lease' });
});

test('without its reaper a lost run stays lost', async () => {
  const unsafe = await openStore({ databaseUrl: database.databaseUrl, unsafe: { noReaper: true } });
  const run = await oneRun();
  await store.runs.claim(run, 0, worker);
  await expire(run);
  expect(await unsafe.runs.reap()).toEqual([]);
  await unsafe.close();
  await store.runs.reap();
});

test('succeeding twice with one fence is succeeding once', async () => {
  const run = await oneRun();
  await store.runs.claim(run, 0, worker);
  expect(await store.runs.succeed(run, 1, { 'val.loss': 1 })).toBe(true);
  expect(await store.runs.succeed(run, 1, { 'val.loss': 2 })).toBe(true);
  expect((await store.runs.detail(run))?.summary).toEqual({ 'val.loss': 1 });
});

test('failures are counted until the stage allows no more; releases are not', async () => {
  const run = await oneRun(2);
  await store.runs.claim(run, 0, worker);
  await store.runs.release(run, 1, 'paused');
  await store.runs.claim(run, 2, worker);
  expect(await store.runs.fail(run, 3, 'crashed', 'signal 11\0')).toBe('queued');
  await store.runs.claim(run, 4, worker);
  expect(await store.runs.fail(run, 5, 'out_of_memory', 'boom')).toBe('failed');
  expect(await store.runs.detail(run)).toMatchObject({ state: 'failed', failures: 2, failureClass: 'out_of_memory' });
  expect((await store.runs.attempts(run)).map((attempt) => attempt.end)).toEqual([
    'paused',
    'crashed',
    'out_of_memory',
  ]);
});

test('diverging is final', async () => {
  const run = await oneRun(5);
  await store.runs.claim(run, 0, worker);
  expect(await store.runs.fail(run, 1, 'diverged', 'loss is NaN')).toBe('failed');
});
