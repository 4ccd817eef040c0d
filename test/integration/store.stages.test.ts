import type { StagePlan } from '@trawl/spec';
import { type Criterion, type Store, openStore } from '@trawl/store';
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

/** Cells by their mean loss, of equal ones as they are given. */
const byLoss: Criterion = {
  name: 'mean loss',
  sortKeys: ({ cells, runs }) =>
    cells.map((cell) => {
      const losses = runs
        .filter((run) => run.cellId === cell.cellId)
        .flatMap(({ summary }) => summary['val.loss'] ?? []);
      return losses.length === 0 ? null : losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    }),
  tieOrder: (cells) => cells.map((_, i) => i),
};

const twoStages = () => [stagePlan({ name: 'alpha' }), stagePlan({ name: 'beta', ordinal: 1, seeds: [1, 2] })];

async function succeed(run: string, value: number): Promise<void> {
  const { fence } = (await store.runs.detail(run))!;
  const claim = await store.runs.claim(run, fence, worker);
  expect(await store.runs.succeed(run, claim!.fence, { 'val.loss': value })).toBe(true);
}

const dueOf = async (sweep: string): Promise<[string, string][]> =>
  (await store.stages.due()).filter((stage) => stage.sweepId === sweep).map((stage) => [stage.name, stage.state]);
const stageOf = async (sweep: string, name: string) => (await store.stages.byName(sweep, name))!;
const stateOf = async (sweep: string): Promise<string> => (await store.sweeps.detail(sweep))!.state;

test('a stage is due when its runs are finished, the next when it is done', async () => {
  const sweep = await addSweep(store, { stages: twoStages() });
  const [first, second] = await runsOf(store, sweep);
  expect(await dueOf(sweep)).toEqual([]);
  await succeed(first!, 0.5);
  expect(await dueOf(sweep)).toEqual([]);
  await store.runs.claim(second!, 0, worker);
  await store.runs.fail(second!, 1, 'diverged', 'NaN');
  expect(await dueOf(sweep)).toEqual([['alpha', 'running']]);

  const alpha = await stageOf(sweep, 'alpha');
  expect(await store.stages.selecting(alpha.id)).toBe(true);
  expect(await store.stages.selecting(alpha.id)).toBe(false);
  expect(await dueOf(sweep)).toEqual([['alpha', 'selecting']]);

  const results = await store.stages.results(alpha.id);
  expect(results.cells.map((cell) => cell.point)).toEqual([{ beta: 0 }, { beta: 1 }]);
  expect(results.runs).toMatchObject([
    { runId: first, seed: 1, state: 'succeeded', failureClass: null, summary: { 'val.loss': 0.5 } },
    { runId: second, seed: 1, state: 'failed', failureClass: 'diverged', failureMessage: 'NaN', summary: {} },
  ]);
  expect(Object.values(results.planned)).toEqual([[1], [1]]);

  const { cellId } = results.cells[0]!;
  expect(await store.stages.decide(alpha.id, { cellId: sweep, why: 'of no stage', decidedBy: 'rule' })).toBe(false);
  expect(await store.stages.decide(alpha.id, { cellId, why: 'lowest', decidedBy: 'rule' })).toBe(true);
  expect(await store.stages.decide(alpha.id, { cellId, why: 'again', decidedBy: 'rule' })).toBe(false);
  expect(await dueOf(sweep)).toEqual([['beta', 'pending']]);
  const selected = (await store.sweeps.detail(sweep))?.stages[0]?.selected;
  expect(selected).toEqual({
    cellId,
    point: { beta: 0 },
    params: { beta: 0, alpha: 1 },
    why: 'lowest',
    decidedBy: 'rule',
  });
});

test('an opening stage links what the sweep has trained, which counts at once', async () => {
  const sweep = await addSweep(store, { stages: twoStages() });
  const runs = await runsOf(store, sweep);
  for (const run of runs) await succeed(run, 1);
  await store.stages.decide((await stageOf(sweep, 'alpha')).id, { cellId: null, why: '', decidedBy: 'rule' });

  const beta = await stageOf(sweep, 'beta');
  // beta 1 with seed 1 is there; its seed 2 and the whole of beta 2 are not.
  const opened = await store.stages.open(beta.id, betas(2, 1), [1, 2], beta.datasetHash);
  expect(opened).toEqual({ runs: 3, linked: 1 });
  expect(await store.stages.open(beta.id, betas(2, 1), [1, 2], beta.datasetHash)).toBeNull();
  const view = (await store.sweeps.detail(sweep))!;
  expect(view.stages[1]).toMatchObject({ state: 'running', cells: 2, runs: { queued: 3, succeeded: 1 } });
  expect(view.runs).toMatchObject({ queued: 3, succeeded: 2 });
  const linked = (await store.runs.detail(runs[1]!))!;
  expect(linked.stages).toEqual(['alpha', 'beta']);
  const { cells, standing } = await store.stages.ranked(beta.id, byLoss, { limit: 1 });
  expect([cells[0]?.cellId, standing]).toEqual([linked.cellId, [{ sort: 1, at: 1 }]]);
  expect(
    (await store.runs.page(sweep, { stage: 'beta', state: 'succeeded', limit: 9 })).items.map((run) => run.id),
  ).toEqual([runs[1]]);
});

test('a stage that links everything is due at once', async () => {
  const sweep = await addSweep(store, {
    stages: [stagePlan({ name: 'alpha' }), stagePlan({ name: 'beta', ordinal: 1 })],
  });
  for (const run of await runsOf(store, sweep)) await succeed(run, 1);
  await store.stages.decide((await stageOf(sweep, 'alpha')).id, { cellId: null, why: '', decidedBy: 'rule' });
  const beta = await stageOf(sweep, 'beta');
  expect(await store.stages.open(beta.id, betas(2), [1], beta.datasetHash)).toEqual({ runs: 0, linked: 2 });
  expect(await dueOf(sweep)).toEqual([['beta', 'running']]);
});

test('runs that start from other weights are runs of their own', async () => {
  const from = { stage: 'alpha', artifact: 'weights', match: 'selected' as const };
  const sweep = await addSweep(store, {
    stages: [stagePlan({ name: 'alpha' }), stagePlan({ name: 'tuned', ordinal: 1, from })],
    cells: betas(1),
  });
  const [parent] = await runsOf(store, sweep);
  const claim = await store.runs.claim(parent!, 0, worker);
  expect(claim?.weightsWanted).toBe(false);
  const weights = {
    name: 'best',
    kind: 'weights',
    mediaType: 'application/octet-stream',
    sha256: 'b'.repeat(64),
    size: 3,
  } as const;
  await store.artifacts.record(parent!, 1, weights);
  await store.runs.succeed(parent!, 1, {});
  await store.stages.decide((await stageOf(sweep, 'alpha')).id, { cellId: null, why: '', decidedBy: 'rule' });
  const tuned = await stageOf(sweep, 'tuned');
  const [cell] = betas(1);
  const parents = new Map([[cell!.hash, parent!]]);
  expect(await store.stages.open(tuned.id, [cell!], [1], tuned.datasetHash, parents)).toEqual({ runs: 1, linked: 0 });
  const [, child] = await runsOf(store, sweep);
  expect(await store.runs.claim(child!, 0, worker)).toMatchObject({
    weightsWanted: true,
    weights: { name: 'best', sha256: 'b'.repeat(64), size: 3 },
  });
});

test('an order that is kept follows the runs, page by page and value by value', async () => {
  const sweep = await addSweep(store, { cells: betas(4), seeds: [1, 2] });
  const runs = await runsOf(store, sweep);
  const stage = await stageOf(sweep, 'search');
  const ranked = async (wanted: Parameters<Store['stages']['ranked']>[2]) => {
    const { cells, standing } = await store.stages.ranked(stage.id, byLoss, wanted);
    return cells.map(({ point }, i) => [point['beta'], standing[i]?.sort, standing[i]?.at]);
  };
  expect(await ranked({ limit: 9 })).toEqual([0, 1, 2, 3].map((beta) => [beta, null, beta + 1]));
  for (const [at, value] of [5, 7, 3, 1, 2, 2].entries()) await succeed(runs[at]!, value);
  const [first, second, third, last] = [
    [1, 2, 1],
    [2, 2, 2],
    [0, 6, 3],
    [3, null, 4],
  ];
  expect(await ranked({ limit: 9 })).toEqual([first, second, third, last]);
  expect(await ranked({ limit: 2, offset: 1 })).toEqual([second, third]);
  const { cells, runs: its } = await store.stages.ranked(stage.id, byLoss, { limit: 1 });
  expect(its.map((run) => [run.cellId, run.summary])).toEqual([
    [cells[0]?.cellId, { 'val.loss': 3 }],
    [cells[0]?.cellId, { 'val.loss': 1 }],
  ]);
  const further = (await store.stages.results(stage.id)).cells.slice(0, 2).map(({ cellId }) => cellId);
  expect(await ranked({ limit: 2, cells: further })).toEqual([first, second, [0, 6, null]]);
  expect(await ranked({ limit: 2, offset: 1, axis: 'beta' })).toEqual([second, third]);
  expect(await ranked({ limit: 9, axis: 'alpha' })).toEqual([]);
  await store.stages.forgetOrder(stage.id, byLoss.name);
  expect(await ranked({ limit: 9 })).toEqual([first, second, third, last]);
  expect((await store.stages.ranked(sweep, byLoss, { limit: 9 })).cells).toEqual([]);
});

test('a stage that awaits review holds its sweep until somebody decides', async () => {
  const sweep = await addSweep(store, { cells: betas(1) });
  const [run] = await runsOf(store, sweep);
  await succeed(run!, 1);
  const stage = await stageOf(sweep, 'search');
  const { cellId } = (await store.stages.results(stage.id)).cells[0]!;
  expect(await store.stages.await(stage.id, 'gate: review', { cellId, why: 'lowest' })).toBe(true);
  expect(await stateOf(sweep)).toBe('awaiting_review');
  expect((await store.sweeps.detail(sweep))?.stages[0]).toMatchObject({
    state: 'awaiting_review',
    reason: 'gate: review',
    selected: { cellId, why: 'lowest', decidedBy: 'rule' },
  });
  expect(await dueOf(sweep)).toEqual([]);
  expect(await store.sweeps.settled()).not.toContainEqual(expect.objectContaining({ id: sweep }));
  expect(await store.stages.decide(stage.id, { cellId, why: 'looks right', decidedBy: 'ann' })).toBe(true);
  expect(await stateOf(sweep)).toBe('running');
  expect(await store.sweeps.settled()).toContainEqual({ id: sweep, state: 'succeeded' });
  expect(await store.stages.finishSweep(sweep, 'succeeded')).toBe(true);
  expect(await store.stages.finishSweep(sweep, 'failed')).toBe(false);
  expect((await store.sweeps.detail(sweep))?.finishedAt).not.toBeNull();
});

test('a failed stage settles its sweep as failed; a retry opens both again', async () => {
  const sweep = await addSweep(store, { stages: twoStages(), cells: betas(1) });
  const [run] = await runsOf(store, sweep);
  await store.runs.claim(run!, 0, worker);
  await store.runs.fail(run!, 1, 'invalid_data', 'no such file');
  const alpha = await stageOf(sweep, 'alpha');
  await store.stages.fail(alpha.id, 'no eligible cell');
  expect(await store.sweeps.settled()).toContainEqual({ id: sweep, state: 'failed' });
  await store.stages.finishSweep(sweep, 'failed');

  expect(await store.runs.retry(run!)).toBe('queued');
  expect(await stateOf(sweep)).toBe('running');
  expect(await stageOf(sweep, 'alpha')).toMatchObject({ state: 'running', reason: null });
  expect(await store.runs.detail(run!)).toMatchObject({ failures: 0, failureClass: null, failureMessage: null });
});

test('retrying a run whose stage was built upon leaves that stage as decided', async () => {
  const sweep = await addSweep(store, { stages: twoStages() });
  const [first, second] = await runsOf(store, sweep);
  await succeed(first!, 1);
  await store.runs.cancel(second!);
  const alpha = await stageOf(sweep, 'alpha');
  await store.stages.decide(alpha.id, { cellId: null, why: '', decidedBy: 'rule' });
  const beta = await stageOf(sweep, 'beta');
  await store.stages.open(beta.id, betas(1), [1], beta.datasetHash);
  await store.stages.decide(beta.id, { cellId: null, why: '', decidedBy: 'rule' });
  await store.stages.finishSweep(sweep, 'succeeded');
  expect(await store.runs.retry(second!)).toBe('queued');
  expect(await stateOf(sweep)).toBe('running');
  expect((await stageOf(sweep, 'alpha')).state).toBe('done');
  expect(await store.sweeps.settled()).not.toContainEqual(expect.objectContaining({ id: sweep }));
  await succeed(second!, 2);
  expect(await store.sweeps.settled()).toContainEqual({ id: sweep, state: 'succeeded' });
});

test('a refit is a stage behind the others, on seeds that nobody used', async () => {
  const sweep = await addSweep(store, { cells: betas(1), seeds: [1, 2] });
  for (const run of await runsOf(store, sweep)) await succeed(run, 1);
  const search = await stageOf(sweep, 'search');
  const { cellId } = (await store.stages.results(search.id)).cells[0]!;
  await store.stages.decide(search.id, { cellId, why: '', decidedBy: 'rule' });
  await store.stages.finishSweep(sweep, 'succeeded');
  expect(await store.sweeps.usedSeeds(sweep)).toEqual([1, 2]);

  const plan = stagePlan({ name: 'refit', kind: 'refit', seeds: [], select: null, refit: { top: 1, seeds: 2 } });
  const added = await store.stages.addRefit(sweep, plan);
  const refitId = typeof added === 'object' && added !== null ? added.stageId : '';
  expect(await stateOf(sweep)).toBe('running');
  expect(await store.stages.byName(sweep, 'refit')).toMatchObject({ id: refitId, ordinal: 1, datasetHash: facts.hash });
  expect((await store.sweeps.plan(sweep))?.stages.map((stage) => [stage.name, stage.ordinal])).toEqual([
    ['search', 0],
    ['refit', 1],
  ]);
  expect(await dueOf(sweep)).toEqual([['refit', 'pending']]);
  expect(await store.stages.open(refitId, betas(1), [3, 4], facts.hash)).toEqual({ runs: 2, linked: 0 });
  const results = await store.stages.results(refitId);
  expect(results.cells.map((cell) => cell.cellId)).toEqual([cellId]);
  expect(results.planned).toEqual({ [cellId]: [3, 4] });
  expect(await store.sweeps.usedSeeds(sweep)).toEqual([1, 2, 3, 4]);
});

/** What POST /extend makes of a request. */
const extension = (from: StagePlan, to: Partial<StagePlan>, more: { stages?: number; dependents?: string[] } = {}) => ({
  from,
  to: { ...from, ...to },
  stages: 1,
  dependents: [],
  variants: [{ dataset, facts }],
  body: { seeds: 1 },
  ...more,
});

test('an extended stage opens again, with the runs it has', async () => {
  const sweep = await addSweep(store, { cells: betas(1) });
  for (const run of await runsOf(store, sweep)) await succeed(run, 1);
  const stage = await stageOf(sweep, 'search');
  await store.stages.decide(stage.id, { cellId: null, why: '', decidedBy: 'rule' });
  await store.stages.finishSweep(sweep, 'succeeded');
  const wanted = extension(stage.plan, { seeds: [1, 2] });
  expect(await store.stages.extend(stage.id, { ...wanted, stages: 2 })).toBe('changed');
  expect(await store.stages.extend(stage.id, wanted)).toBe('extended');
  expect(await store.stages.extend(stage.id, wanted)).toBe('changed');
  expect(await stateOf(sweep)).toBe('running');
  expect(await dueOf(sweep)).toEqual([['search', 'pending']]);

  // Whoever looked before the extension does not open it without what was added.
  expect(await store.stages.open(stage.id, betas(1), [1], facts.hash, undefined, stage.plan)).toBeNull();
  const { plan } = await stageOf(sweep, 'search');
  expect(plan.seeds).toEqual([1, 2]);
  expect(await store.stages.open(stage.id, betas(2), [1, 2], facts.hash, undefined, plan)).toEqual({
    runs: 3,
    linked: 0,
  });
  const results = await store.stages.results(stage.id);
  expect(results.cells.map((cell) => cell.point)).toEqual([{ beta: 0 }, { beta: 1 }]);
  expect(results.runs.map((run) => run.state).sort()).toEqual(['queued', 'queued', 'queued', 'succeeded']);
});

test('no verdict of before an extension counts after it', async () => {
  const sweep = await addSweep(store, { cells: betas(1) });
  for (const run of await runsOf(store, sweep)) await succeed(run, 1);
  const { id, plan } = await stageOf(sweep, 'search');
  const { cellId } = (await store.stages.results(id)).cells[0]!;
  await store.stages.extend(id, extension(plan, { seeds: [1, 2] }));
  const verdict = { cellId, why: 'lowest', decidedBy: 'rule' };
  expect(await store.stages.decide(id, verdict)).toBe(false);
  // Another scheduler opens it again onto runs that are there: finished at once.
  expect(await store.stages.open(id, betas(1), [1], facts.hash)).toMatchObject({ runs: 0 });
  expect(await store.stages.decide(id, { ...verdict, plan })).toBe(false);
  expect(await store.stages.await(id, 'gate: review', undefined, plan)).toBe(false);
  expect(await store.stages.decide(id, { ...verdict, plan: (await stageOf(sweep, 'search')).plan })).toBe(true);
});

test('what was built on an extended stage opens anew: runs of it alone end, and come back if they are wanted', async () => {
  const sweep = await addSweep(store, { stages: twoStages(), cells: betas(1) });
  const [first] = await runsOf(store, sweep);
  await succeed(first!, 1);
  const alpha = await stageOf(sweep, 'alpha');
  const { cellId } = (await store.stages.results(alpha.id)).cells[0]!;
  await store.stages.decide(alpha.id, { cellId, why: '', decidedBy: 'rule' });
  const beta = await stageOf(sweep, 'beta');
  await store.stages.open(beta.id, betas(3), [1], facts.hash);
  const [, second, third] = await runsOf(store, sweep);
  await succeed(second!, 2);
  const claim = await store.runs.claim(third!, 0, worker);
  await store.runs.pause(third!);

  const wanted = extension(alpha.plan, { seeds: [1, 2] }, { stages: 2, dependents: [beta.id] });
  expect(await store.stages.extend(alpha.id, wanted)).toBe('extended');
  const states = async () => Promise.all([first, second, third].map(async (run) => (await store.runs.detail(run!))!));
  expect(await states()).toMatchObject([
    { state: 'succeeded', stages: ['alpha'] },
    { state: 'succeeded', stages: [] },
    { state: 'cancelled', stages: [] },
  ]);
  // Of one that comes back nobody would know that it waits.
  expect((await states())[2]?.paused).toBeUndefined();
  expect(await store.runs.progress(third!, claim!.fence, { epoch: 1, epochs: 2, step: 1 })).toBe(false);
  expect((await store.sweeps.detail(sweep))?.stages[1]).toMatchObject({
    state: 'pending',
    cells: null,
    selected: null,
  });
  expect((await store.stages.ranked(beta.id, byLoss, { limit: 9 })).cells).toEqual([]);
  // Seeds of runs that nobody looks at any more may be taken for a refit.
  expect(await store.sweeps.usedSeeds(sweep, beta.id)).toEqual([1, 2]);

  await store.stages.open(alpha.id, betas(1), [1], facts.hash);
  await store.stages.decide(alpha.id, { cellId, why: '', decidedBy: 'rule' });
  expect(await store.stages.open(beta.id, betas(3), [1], facts.hash)).toEqual({ runs: 0, linked: 3 });
  expect((await states()).map((run) => run.state)).toEqual(['succeeded', 'succeeded', 'queued']);
  const { standing } = await store.stages.ranked(beta.id, byLoss, { limit: 9 });
  expect(standing.filter(({ sort }) => sort !== null)).toHaveLength(2);
});

test('a key extends once, whatever comes with it', async () => {
  const sweep = await addSweep(store, { cells: betas(1) });
  const stage = await stageOf(sweep, 'search');
  const wanted = { ...extension(stage.plan, { seeds: [1, 2] }), idempotencyKey: 'once' };
  expect(await store.stages.extend(stage.id, wanted)).toBe('extended');
  expect(await store.stages.extensionBy('once')).toEqual({ sweepId: sweep, body: { seeds: 1 } });
  const { plan } = await stageOf(sweep, 'search');
  const again = { ...extension(plan, { seeds: [1, 2, 3] }), idempotencyKey: 'once' };
  expect(await store.stages.extend(stage.id, again)).toBe('key-known');
  expect((await stageOf(sweep, 'search')).plan.seeds).toEqual([1, 2]);
  expect(await store.stages.extensionBy('other')).toBeNull();
});

test('a cancelled sweep takes nothing more', async () => {
  const sweep = await addSweep(store, { stages: twoStages() });
  const [run] = await runsOf(store, sweep);
  await store.sweeps.cancel(sweep);
  const alpha = await stageOf(sweep, 'alpha');
  expect(alpha.state).toBe('cancelled');
  expect(await store.runs.retry(run!)).toBeNull();
  expect(await store.stages.addRefit(sweep, stagePlan({ name: 'refit' }))).toBeNull();
  expect(await store.stages.extend(alpha.id, extension(alpha.plan, { seeds: [2] }))).toBeNull();
  expect(await store.stages.decide(alpha.id, { cellId: null, why: '', decidedBy: 'rule' })).toBe(false);
});
