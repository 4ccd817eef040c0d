import { type Listener, listen, type Notification, openStore, type Store, type StoredEvent } from '@trawl/store';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { addSweep, addWorker, betas, runsOf } from '../support/sweeps.js';

let database: TestDatabase;
let stores: Store[];
let store: Store;
let worker: string;

beforeAll(async () => {
  database = await freshDatabase();
  stores = await Promise.all(Array.from({ length: 4 }, () => openStore(database)));
  store = stores[0]!;
  worker = await addWorker(store);
});

afterAll(async () => {
  await Promise.all(stores.map((each) => each.close()));
  await database.drop();
});

async function through(sweepId: string): Promise<StoredEvent[]> {
  return store.events.since(sweepId, 0, 10_000);
}

/** Claims and ends every run of a sweep, each step by another store. */
async function trainAll(sweep: string): Promise<void> {
  await Promise.all(
    (await runsOf(store, sweep)).map(async (run, at) => {
      const mine = stores[at % stores.length]!;
      const claim = await mine.runs.claim(run, 0, worker);
      if (at % 3 === 0) await mine.runs.release(run, claim!.fence, 'drained');
      else if (at % 3 === 1) await mine.runs.fail(run, claim!.fence, 'diverged', 'NaN');
      else await mine.runs.succeed(run, claim!.fence, { 'val.loss': at });
    }),
  );
}

test('a sweep tells its story', async () => {
  const sweep = await addSweep(store, { cells: betas(1), name: 'told' });
  const [run] = await runsOf(store, sweep);
  await store.runs.claim(run!, 0, worker);
  await store.runs.fail(run!, 1, 'crashed', 'signal 11');
  await store.runs.claim(run!, 2, worker);
  await store.runs.succeed(run!, 3, { 'val.loss': 1 });
  const events = await through(sweep);
  expect(events.map((event) => [event.seq, event.type, event.data])).toMatchObject([
    [1, 'sweep', { state: 'running', name: 'told' }],
    [2, 'stage', { name: 'search', state: 'running', runs: 1, linked: 0 }],
    [3, 'run', { runId: run, state: 'running', fence: 1, workerId: worker }],
    [4, 'run', { runId: run, state: 'queued', fence: 2, failureClass: 'crashed', failures: 1 }],
    [5, 'run', { runId: run, state: 'running', fence: 3 }],
    [6, 'run', { runId: run, state: 'succeeded', fence: 4, end: 'succeeded' }],
  ]);
  expect(await store.events.since(sweep, 4, 1)).toEqual([events[4]]);
  expect(await store.events.last(sweep)).toBe(6);
});

test('under concurrency seq has no gaps, and a reader of all sweeps misses nothing', async () => {
  const sweeps = await Promise.all([1, 2, 3].map(() => addSweep(store, { cells: betas(24) })));
  const seen: StoredEvent[] = [];
  let done = false;
  const reading = (async () => {
    let after = 0;
    for (let last = false; !last;) {
      last = done;
      const events = await stores[3]!.events.since(null, after, 1_000);
      seen.push(...events);
      after = events.at(-1)?.id ?? after;
    }
  })();
  await Promise.all(sweeps.map(trainAll));
  done = true;
  await reading;
  for (const sweep of sweeps) {
    const events = await through(sweep);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, at) => at + 1));
    expect(events).toHaveLength(2 + 24 * 2);
    expect(seen.filter((event) => event.sweepId === sweep)).toEqual(events);
  }
  expect(await store.events.last(null)).toBe(seen.at(-1)?.id);
});

test('cancelling against succeeding: one of them happens, whole', async () => {
  for (let round = 0; round < 20; round++) {
    const sweep = await addSweep(store, { cells: betas(1) });
    const [run] = await runsOf(store, sweep);
    await store.runs.claim(run!, 0, worker);
    const [cancelled, succeeded] = await Promise.all([
      round % 2 === 0 ? stores[1]!.runs.cancel(run!) : stores[1]!.sweeps.cancel(sweep),
      stores[2]!.runs.succeed(run!, 1, { 'val.loss': 1 }),
    ]);
    const { state, summary } = (await store.runs.detail(run!))!;
    expect(state).toBe(succeeded ? 'succeeded' : 'cancelled');
    expect(Object.keys(summary)).toHaveLength(succeeded ? 1 : 0);
    // The sweep can be cancelled either way; of the run only one thing can become.
    expect(cancelled).toBe(round % 2 === 0 && succeeded ? null : 'cancelled');
    const [attempt] = await store.runs.attempts(run!);
    expect(attempt?.end).toBe(succeeded ? 'succeeded' : 'cancelled');
  }
});

test('cancelling a sweep, renewing its leases and reporting on it get along', async () => {
  for (let round = 0; round < 5; round++) {
    const sweep = await addSweep(store, { cells: betas(40) });
    const runs = await runsOf(store, sweep);
    await Promise.all(runs.map((run) => store.runs.claim(run, 0, worker)));
    const held = runs.map((runId) => ({ runId, fence: 1 })).reverse();
    await Promise.all([
      stores[0]!.sweeps.cancel(sweep),
      stores[1]!.runs.renew(worker, held),
      stores[2]!.runs.renew(worker, held.toReversed()),
      ...runs.map((run) => stores[3]!.runs.progress(run, 1, { epoch: 1, epochs: 2, step: 1 })),
      ...runs.map((run) => stores[3]!.runs.release(run, 1, 'drained')),
    ]);
    expect((await store.sweeps.detail(sweep))?.runs).toMatchObject({ cancelled: 40, queued: 0, running: 0 });
    expect([...(await store.runs.renew(worker, held)).values()].every((answer) => answer === 'lost')).toBe(true);
  }
});

test('every change of a state wakes the listeners, and what must stop says so', async () => {
  const heard: Notification[] = [];
  const listener = await listen(database.databaseUrl, (notification) => heard.push(notification));
  const sweep = await addSweep(store, { cells: betas(2) });
  const [first, second] = await runsOf(store, sweep);
  for (const run of [first!, second!]) await store.runs.claim(run, 0, worker);
  await store.runs.cancel(first!);
  await store.sweeps.pause(sweep);
  await store.sweeps.cancel(sweep);
  const ours = () => heard.filter((each) => each.sweepId === sweep);
  await vi.waitFor(() => expect(ours().at(-1)).toEqual({ kind: 'control', sweepId: sweep }));
  await listener.close();
  const said = (kind: Notification['kind'], runId?: string) =>
    ours().filter((each) => each.kind === kind && each.runId === runId).length;
  expect(said('sweep')).toBeGreaterThanOrEqual(3);
  expect(said('stage')).toBeGreaterThanOrEqual(2);
  expect(said('run', second)).toBe(1);
  expect(said('run', first)).toBe(2);
  expect(said('control', first)).toBe(1);
  expect(said('control')).toBe(2);
});

test('a listener whose connection breaks comes back and says so', async () => {
  const heard: Notification[] = [];
  const listener: Listener = await listen(database.databaseUrl, (notification) => heard.push(notification));
  const client = new Client({ connectionString: database.databaseUrl });
  await client.connect();
  await client.query("notify trawl, 'not ours'");
  const killed = await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'trawl listen' and datname = current_database()",
  );
  expect(killed.rowCount).toBe(1);
  await vi.waitFor(() => expect(heard).toContainEqual({ kind: 'resync' }), { timeout: 10_000 });
  await client.query(`notify trawl, '{"kind":"run","sweepId":"s","runId":"r"}'`);
  await vi.waitFor(() => expect(heard.at(-1)).toEqual({ kind: 'run', sweepId: 's', runId: 'r' }));
  await client.end();
  await listener.close();
});

test('connections that Postgres cuts, in hand or idle, cost their queries and nothing else', async () => {
  const cut = await openStore(database);
  const admin = new Client({ connectionString: database.databaseUrl });
  await admin.connect();
  const sweep = await addSweep(cut, { cells: betas(30) });
  const runs = await runsOf(cut, sweep);
  for (let round = 0; round < 5; round++) {
    const claims = runs.map((run) => cut.runs.claim(run, 0, worker));
    const killed = admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'trawl' and datname = current_database()",
    );
    await Promise.allSettled([...claims, killed]);
  }
  // The last cuts may still be on their way.
  await vi.waitFor(() => Promise.all(runs.map((run) => cut.runs.claim(run, 0, worker))));
  const { running } = (await cut.sweeps.detail(sweep))!.runs;
  expect(running).toBe(30);
  await admin.end();
  await cut.close();
});
