import { type Store, openStore } from '@trawl/store';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { addSweep, addWorker, betas, dataset, facts, runsOf, stagePlan } from '../support/sweeps.js';

let database: TestDatabase;
let store: Store;
let worker: string;

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore(database);
  worker = await addWorker(store);
});

afterAll(async () => {
  await store.close();
  await database.drop();
});

const NOBODY = '0190a000-0000-7000-8000-000000000000';

test('a sweep is read back as it was sent', async () => {
  const spec = { name: 'z first', grid: { zeta: [1], alpha: [2], Beta: [1e-3, 1.0] }, note: 'ä 😀 \u2028' };
  const plan = {
    name: 'mine',
    project: 'mice',
    stages: [
      stagePlan({
        space: { grid: { zeta: [1], alpha: [2] }, zip: { z: [1] }, cells: [{ a: 1 }], exclude: [], random: null },
      }),
    ],
  };
  const { id } = await store.sweeps.create({ plan, spec, text: 'the text', datasets: [facts], cells: betas(1) });
  const detail = (await store.sweeps.detail(id))!;
  // The order of keys too: it is the order of the axes.
  expect(JSON.stringify(detail.spec)).toBe(JSON.stringify(spec));
  expect(JSON.stringify((await store.sweeps.plan(id))?.stages)).toBe(JSON.stringify(plan.stages));
  expect(detail).toMatchObject({
    name: 'mine',
    project: 'mice',
    model: 'ps-vae',
    state: 'running',
    dataset,
    finishedAt: null,
  });
  expect(detail.stages).toMatchObject([
    {
      name: 'search',
      ordinal: 0,
      kind: 'search',
      state: 'running',
      metric: 'val.loss',
      direction: 'min',
      axes: ['zeta', 'alpha', 'z', 'a'],
      cells: 1,
      reason: null,
      selected: null,
    },
  ]);
});

test('an id that is none names nothing', async () => {
  for (const id of [NOBODY, 'no uuid', '']) {
    expect(await store.sweeps.detail(id)).toBeNull();
    expect(await store.sweeps.plan(id)).toBeNull();
    expect(await store.sweeps.cancel(id)).toBeNull();
    expect(await store.sweeps.pause(id)).toBeNull();
    expect(await store.sweeps.resume(id)).toBeNull();
    expect(await store.sweeps.delete(id)).toBeNull();
    expect(await store.sweeps.usedSeeds(id)).toEqual([]);
    expect(await store.stages.list(id)).toEqual([]);
    expect(await store.stages.byName(id, 'x')).toBeNull();
    expect(await store.runs.detail(id)).toBeNull();
    expect(await store.runs.attempts(id)).toEqual([]);
    expect(await store.runs.cancel(id)).toBeNull();
    expect(await store.runs.retry(id)).toBeNull();
    expect((await store.runs.page(id, { limit: 5 })).items).toEqual([]);
    expect(await store.metrics.curves(id)).toEqual([]);
    expect(await store.artifacts.of(id)).toEqual([]);
    expect(await store.artifacts.get(id)).toBeNull();
    expect(await store.artifacts.checkpointOf(id)).toBeNull();
    expect(await store.events.since(id, 0, 5)).toEqual([]);
    expect(await store.events.last(id)).toBe(0);
  }
});

const submit = (name: string) => {
  const plan = { name, project: 'default', stages: [stagePlan()] };
  return store.sweeps.create({ plan, spec: {}, text: name, datasets: [facts], cells: betas(2), idempotencyKey: 'k' });
};

test('an idempotency key makes one sweep of many submissions, also at once', async () => {
  const made = await Promise.all(Array.from({ length: 5 }, () => submit('same')));
  expect(made.filter((each) => each.created)).toHaveLength(1);
  expect(new Set(made.map((each) => each.id)).size).toBe(1);
  expect(await submit('other')).toEqual({ id: made[0]!.id, created: false, sameText: false });
});

test('lists page through everything, newest first', async () => {
  const made: string[] = [];
  for (let at = 0; at < 5; at++) made.push(await addSweep(store));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.sweeps.list({ cursor, limit: 2 });
    seen.push(...page.items.map((sweep) => sweep.id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(seen.slice(0, 5)).toEqual(made.toReversed());
  expect(new Set(seen).size).toBe(seen.length);
});

test('runs page by stage and state', async () => {
  const sweep = await addSweep(store, { cells: betas(7) });
  const runs = await runsOf(store, sweep);
  await store.runs.cancel(runs[3]!);
  const first = await store.runs.page(sweep, { stage: 'search', limit: 5 });
  expect(first.items.map((run) => run.id)).toEqual(runs.slice(0, 5));
  const rest = await store.runs.page(sweep, { stage: 'search', limit: 5, cursor: first.nextCursor! });
  expect(rest.items.map((run) => run.id)).toEqual(runs.slice(5));
  expect(rest.nextCursor).toBeNull();
  expect((await store.runs.page(sweep, { state: 'cancelled', limit: 5 })).items.map((run) => run.id)).toEqual([
    runs[3],
  ]);
  expect((await store.runs.page(sweep, { stage: 'none', limit: 5 })).items).toEqual([]);
});

test('progress counts epochs, and tells the time left once some have been measured', async () => {
  const sweep = await addSweep(store, { cells: betas(4) });
  const runs = await runsOf(store, sweep);
  expect((await store.sweeps.detail(sweep))?.progress).toEqual({ epochsDone: 0, epochsTotal: 0, etaSeconds: null });
  for (const run of runs.slice(0, 2)) await store.runs.claim(run, 0, worker);
  await store.runs.progress(runs[0]!, 1, { epoch: 5, epochs: 10, step: 50 });
  await store.runs.progress(runs[1]!, 1, { epoch: 3, epochs: 10, step: 30 });
  // Stopped early: whole all the same.
  await store.runs.succeed(runs[1]!, 1, {});
  const { progress } = (await store.sweeps.detail(sweep))!;
  expect(progress).toMatchObject({ epochsDone: 15, epochsTotal: 40 });
  expect(progress.etaSeconds).toBeGreaterThanOrEqual(0);
});

test('pausing, resuming and cancelling go where they may', async () => {
  const sweep = await addSweep(store, { cells: betas(2) });
  const [run] = await runsOf(store, sweep);
  await store.runs.claim(run!, 0, worker);
  expect(await store.sweeps.resume(sweep)).toBeNull();
  expect(await store.sweeps.pause(sweep)).toBe('paused');
  expect(await store.sweeps.pause(sweep)).toBeNull();
  expect(await store.runs.release(run!, 1, 'paused')).toBe(true);
  expect(await store.sweeps.resume(sweep)).toBe('running');
  await store.runs.claim(run!, 2, worker);
  expect(await store.sweeps.cancel(sweep)).toBe('cancelled');
  expect(await store.sweeps.cancel(sweep)).toBeNull();
  expect(await store.sweeps.resume(sweep)).toBeNull();
  const detail = (await store.sweeps.detail(sweep))!;
  expect(detail).toMatchObject({ runs: { cancelled: 2 }, stages: [{ state: 'cancelled' }] });
  expect(detail.finishedAt).not.toBeNull();
  expect(await store.runs.detail(run!)).toMatchObject({ state: 'cancelled', fence: 4, worker: null });
  expect((await store.runs.attempts(run!)).map((attempt) => attempt.end)).toEqual(['paused', 'cancelled']);
});

test('a sweep paused while its stage came to wait resumes to waiting', async () => {
  const sweep = await addSweep(store, { cells: betas(1) });
  const stage = (await store.stages.list(sweep))[0]!;
  await store.sweeps.pause(sweep);
  await store.stages.await(stage.id, 'gate: review');
  expect((await store.sweeps.detail(sweep))?.state).toBe('paused');
  expect(await store.sweeps.resume(sweep)).toBe('awaiting_review');
});

const file = (sha: string) =>
  ({ name: sha, kind: 'figure', mediaType: 'image/png', sha256: sha.repeat(64), size: 1 }) as const;

test('deleting a sweep leaves nothing of it, and tells which files nobody needs', async () => {
  const sweep = await addSweep(store, { stages: [stagePlan(), stagePlan({ name: 'more', ordinal: 1 })] });
  const other = await addSweep(store);
  const [run, second] = await runsOf(store, sweep);
  const [shared] = await runsOf(store, other);
  for (const id of [run!, shared!, second!]) await store.runs.claim(id, 0, worker);
  await store.artifacts.record(run!, 1, file('1'));
  await store.artifacts.record(run!, 1, file('2'));
  await store.artifacts.record(second!, 1, file('2'));
  await store.artifacts.record(shared!, 1, file('1'));
  await store.metrics.ingest(run!, 1, [{ epoch: 1, step: 1, split: 'train', name: 'loss', value: 1 }]);
  await store.runs.succeed(run!, 1, { 'val.loss': 1 });
  const stage = (await store.stages.list(sweep))[0]!;
  const { cellId } = (await store.stages.results(stage.id)).cells[0]!;
  await store.stages.decide(stage.id, { cellId, why: '', decidedBy: 'rule' });

  expect(await store.sweeps.delete(sweep)).toEqual(['2'.repeat(64)]);
  expect(await store.sweeps.detail(sweep)).toBeNull();
  expect(await store.runs.succeed(second!, 1, {})).toBe(false);
  expect(await store.metrics.ingest(second!, 1, [])).toBe(false);
  expect((await store.sweeps.detail(other))?.runs.running).toBe(1);

  const client = new Client({ connectionString: database.databaseUrl });
  await client.connect();
  for (const table of ['metric_point', 'run_summary', 'attempt', 'artifact', 'stage_run']) {
    const left = await client.query(`select from ${table} where run_id = any($1::uuid[])`, [[run, second]]);
    expect([table, left.rowCount]).toEqual([table, 0]);
  }
  await client.end();
});

test('a sweep of many cells and runs can be deleted', async () => {
  const sweep = await addSweep(store, { cells: betas(3_000), seeds: [1, 2, 3] });
  await store.sweeps.delete(sweep);
  expect(await store.sweeps.detail(sweep)).toBeNull();
});
