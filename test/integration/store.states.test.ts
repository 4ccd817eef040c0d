import { FAILURE_CLASSES, nextRunState, RUN_STATES, type RunEvent, type RunState } from '@trawl/spec';
import { type Store, openStore } from '@trawl/store';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { addSweep, addWorker, betas, runsOf } from '../support/sweeps.js';

/* The where-clauses of the statements against the one function that says what follows what. */

let database: TestDatabase;
let store: Store;
let worker: string;
let client: Client;

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore(database);
  worker = await addWorker(store);
  client = new Client({ connectionString: database.databaseUrl });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await store.close();
  await database.drop();
});

const MAX_FAILURES = 2;

/** A run in any state, at its newest fence, with `failures` behind it. */
async function runIn(state: RunState, failures: number): Promise<{ run: string; fence: number }> {
  const sweep = await addSweep(store, { cells: betas(2), execution: { maxFailures: MAX_FAILURES } });
  const run = (await runsOf(store, sweep))[0]!;
  if (state !== 'queued') await store.runs.claim(run, 0, worker);
  if (state === 'succeeded') await store.runs.succeed(run, 1, {});
  if (state === 'failed') await store.runs.fail(run, 1, 'diverged', '');
  if (state === 'cancelled') await store.runs.cancel(run);
  await client.query('update run set failures = $2 where id = $1', [run, failures]);
  const detail = (await store.runs.detail(run))!;
  expect(detail.state).toBe(state);
  return { run, fence: detail.fence };
}

type Happening =
  | Exclude<RunEvent, { kind: 'failed' }>
  | { kind: 'failed'; failure: (typeof FAILURE_CLASSES)[number] }
  | { kind: 'reaped' };

const HAPPENINGS: Happening[] = [
  { kind: 'claimed' },
  { kind: 'succeeded' },
  ...FAILURE_CLASSES.map((failure) => ({ kind: 'failed' as const, failure })),
  { kind: 'reaped' },
  { kind: 'released', reason: 'paused' },
  { kind: 'released', reason: 'drained' },
  { kind: 'cancelled' },
  { kind: 'retried' },
];

async function make(happening: Happening, run: string, fence: number): Promise<void> {
  switch (happening.kind) {
    case 'claimed':
      await store.runs.claim(run, fence, worker);
      return;
    case 'succeeded':
      await store.runs.succeed(run, fence, {});
      return;
    case 'failed':
      await store.runs.fail(run, fence, happening.failure, 'why');
      return;
    case 'reaped':
      await client.query("update run set lease_until = now() - interval '1 s' where id = $1 and state = 'running'", [
        run,
      ]);
      await store.runs.reap();
      return;
    case 'released':
      await store.runs.release(run, fence, happening.reason);
      return;
    case 'cancelled':
      await store.runs.cancel(run);
      return;
    case 'retried':
      await store.runs.retry(run);
      return;
  }
}

function eventOf(happening: Happening, failures: number): RunEvent {
  if (happening.kind === 'reaped')
    return { kind: 'failed', failure: 'lost', failures: failures + 1, maxFailures: MAX_FAILURES };
  if (happening.kind === 'failed') return { ...happening, failures: failures + 1, maxFailures: MAX_FAILURES };
  return happening;
}

const cases = RUN_STATES.flatMap((state) =>
  HAPPENINGS.flatMap((happening) => [0, MAX_FAILURES - 1].map((failures) => ({ state, happening, failures }))),
);

test.each(cases)('$state, $happening after $failures failures', async ({ state, happening, failures }) => {
  const { run, fence } = await runIn(state, failures);
  const before = await store.runs.detail(run);
  await make(happening, run, fence);
  const after = (await store.runs.detail(run))!;
  const next = nextRunState(state, eventOf(happening, failures));
  expect(after.state).toBe(next ?? state);
  // What does not apply leaves no trace.
  expect(after).toEqual(next === null ? before : after);
  // A fence rises whenever a run changes hands, and only then.
  const handover = next !== null && happening.kind !== 'retried';
  expect(after.fence).toBe(handover ? fence + 1 : fence);
  expect(after.finishedAt !== null).toBe(['succeeded', 'failed', 'cancelled'].includes(after.state));
  expect(after.worker !== null).toBe(after.state === 'running');
});
