import { dependentsOf } from '@trawl/search';
import type { StagePlan } from '@trawl/spec';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openScheduling, type Scheduling, STAGED } from '../support/scheduling.js';
import { addToySweep, STAGES } from '../support/toy.js';

let site: Scheduling;
beforeAll(async () => {
  site = await openScheduling();
});
afterEach(() => site.tidy());
afterAll(() => site.close());

describe('a stage that cannot be decided', () => {
  it('waits for review where a cell is missing, and goes on with the cell approved', async () => {
    await site.startWorker((run) => (run.cell.params['alpha'] === 500 && run.seed === 2 ? 'invalid_data' : null));
    const scheduler = site.start();
    const id = await addToySweep(site.store);
    const waiting = await site.drive(scheduler, id, 'awaiting_review');
    expect(waiting.stages[0]).toMatchObject({
      state: 'awaiting_review',
      selected: { point: { alpha: 100 } },
    });
    expect(waiting.stages[0]?.reason).toMatch(/^1 of 3 cells incomplete .*alpha = 500.*seed 2: invalid_data/);
    await scheduler.tick();
    expect((await site.detailOf(id)).stages[1]?.state).toBe('pending');

    const stage = (await site.store.stages.byName(id, 'alpha'))!;
    const { cells } = await site.store.stages.results(stage.id);
    const cellId = cells.find(({ point }) => point['alpha'] === 50)!.cellId;
    await site.store.stages.decide(stage.id, { cellId, why: 'I prefer 50', decidedBy: 'ada' });
    const done = await site.drive(scheduler, id, 'succeeded');
    expect(done.stages[0]?.selected).toMatchObject({ point: { alpha: 50 }, why: 'I prefer 50', decidedBy: 'ada' });
    expect(done.stages[1]?.selected?.params).toEqual({ alpha: 50, beta: 5 });
  });

  it('decides by itself once the missing run was tried again', async () => {
    let broken = true;
    await site.startWorker(({ cell }) => (broken && cell.params['alpha'] === 50 ? 'invalid_data' : null));
    const scheduler = site.start();
    const id = await addToySweep(site.store);
    await site.drive(scheduler, id, 'awaiting_review');
    broken = false;
    for (const run of (await site.store.runs.page(id, { state: 'failed', limit: 10 })).items)
      await site.store.runs.retry(run.id);
    await site.drive(scheduler, id, 'succeeded');
    expect(await site.outcome(id)).toMatchObject(STAGED);
  });

  it('selects without the missing cell where that is allowed', async () => {
    const [alpha, ...rest] = STAGES;
    const partial = { ...alpha!, select: { ...alpha!.select!, allowPartial: true } };
    await site.startWorker(({ cell }) => (cell.params['alpha'] === 100 ? 'invalid_data' : null));
    const id = await addToySweep(site.store, [partial, ...rest]);
    const done = await site.drive(site.start(), id, 'succeeded');
    expect(done.stages[0]?.selected?.point).toEqual({ alpha: 500 });
  });

  it('takes a diverged cell for a result that cannot win', async () => {
    await site.startWorker(({ cell }) => (cell.params['beta'] === 5 ? 'diverged' : null));
    const id = await addToySweep(site.store);
    const done = await site.drive(site.start(), id, 'succeeded');
    expect(done.stages[1]?.selected?.point).toEqual({ beta: 10 });
  });

  it('waits for review where a refit lacks runs', async () => {
    await site.startWorker(({ seed }) => (seed === 4 ? 'invalid_data' : null));
    const id = await addToySweep(site.store);
    const waiting = await site.drive(site.start(), id, 'awaiting_review');
    expect(waiting.stages[2]?.reason).toMatch(
      /^2 of 2 cells miss runs: beta=\d+ \(seed 4 invalid_data: as the test wants it\)/,
    );
  });

  it('waits for review where every cell diverged', async () => {
    await site.startWorker(() => 'diverged');
    const id = await addToySweep(site.store);
    const waiting = await site.drive(site.start(), id, 'awaiting_review');
    expect(waiting.stages[0]).toMatchObject({ state: 'awaiting_review', selected: null });
    expect(waiting.stages[0]?.reason).not.toBe('');
  });

  it('fails where no run came to anything, and the sweep with it', async () => {
    await site.startWorker(() => 'invalid_data');
    const id = await addToySweep(site.store);
    const failed = await site.drive(site.start(), id, 'failed');
    expect(failed.stages.map(({ state }) => state)).toEqual(['failed', 'pending', 'pending']);
    expect(failed.stages[0]?.reason).toMatch(
      /^no run succeeded: 3 of 3 cells miss runs: alpha=50 \(seed 1 invalid_data/,
    );
  });

  it('waits at a gate with the selection to approve', async () => {
    const [alpha, ...rest] = STAGES;
    await site.startWorker();
    const id = await addToySweep(site.store, [{ ...alpha!, gate: 'review' }, ...rest]);
    const waiting = await site.drive(site.start(), id, 'awaiting_review');
    expect(waiting.stages[0]).toMatchObject({ reason: 'gate: review', selected: { point: { alpha: 100 } } });
  });

  it('fails where the service does not know its model any more', async () => {
    await site.startWorker();
    const id = await addToySweep(site.store);
    const failed = await site.drive(site.start({ catalog: new Map() }), id, 'failed');
    expect(failed.stages[0]?.reason).toBe("model toy is not in this service's catalogue");
  });
});

/** As POST /extend does, without a check of the new plan. */
const extend = async (id: string, name: string, change: (plan: StagePlan) => StagePlan) => {
  const stages = await site.store.stages.list(id);
  const stage = stages.find((each) => each.name === name)!;
  const built = dependentsOf(
    stages.map((each) => each.plan),
    stage.ordinal,
  ).map((plan) => plan.name);
  const dependents = stages.filter((each) => built.includes(each.name)).map((each) => each.id);
  const more = { stages: stages.length, dependents, variants: [], body: {} };
  const result = await site.store.stages.extend(stage.id, { from: stage.plan, to: change(stage.plan), ...more });
  expect(result).toBe('extended');
};
const withValues = (axis: string, values: number[]) => (plan: StagePlan) => ({
  ...plan,
  space: { ...plan.space, grid: { [axis]: values } },
});

describe('an extended sweep', () => {
  it('trains only what it lacks where the selection stays', async () => {
    const worker = await site.startWorker();
    const scheduler = site.start();
    const id = await addToySweep(site.store);
    await site.drive(scheduler, id, 'succeeded');
    const before = await site.outcome(id);
    worker.claimed.splice(0);
    // alpha=1000 is worse: 100 stays selected, and all that was built on it is there.
    await extend(id, 'alpha', withValues('alpha', [50, 100, 500, 1000]));
    await site.drive(scheduler, id, 'succeeded');
    expect(worker.claimed.map(({ cell, seed }) => [cell.params['alpha'], seed])).toEqual([
      [1000, 1],
      [1000, 2],
    ]);
    const after = await site.outcome(id);
    expect(after.stages).toEqual(
      before.stages.map((stage) => (stage.name === 'alpha' ? { ...stage, cells: 4 } : stage)),
    );
    expect(after.runs).toEqual(
      [...before.runs, ...['1', '2'].map((seed) => `alpha {"alpha":1000} seed ${seed} succeeded`)].sort(),
    );
  });

  it('builds later stages anew on a new selection, and mixes no old run into them', async () => {
    const worker = await site.startWorker();
    const scheduler = site.start();
    const id = await addToySweep(
      site.store,
      STAGES.map((stage, i) => (i === 0 ? withValues('alpha', [50, 100])(stage) : stage)),
    );
    await site.drive(scheduler, id, 'succeeded');
    expect((await site.outcome(id)).stages[0]).toMatchObject({ point: { alpha: 100 } });
    // 500 is better than 100 within no tolerance now.
    await extend(id, 'alpha', (plan) => ({
      ...withValues('alpha', [50, 100, 500])(plan),
      select: { ...plan.select!, tolerance: { factor: 1.01 } },
    }));
    worker.claimed.splice(0);
    await site.drive(scheduler, id, 'succeeded');
    expect((await site.outcome(id)).stages[0]).toMatchObject({ point: { alpha: 500 } });
    const stages = await site.store.stages.list(id);
    for (const stage of stages.slice(1)) {
      const { cells, runs } = await site.store.stages.results(stage.id);
      expect(cells.map((cell) => cell.params['alpha'])).toEqual(cells.map(() => 500));
      expect(new Set(runs.map((run) => run.cellId))).toEqual(new Set(cells.map((cell) => cell.cellId)));
    }
    // alpha=500: two seeds for alpha; beta 5 and 10 with two seeds, 1 is linked; refit of two with three.
    expect(worker.claimed).toHaveLength(2 + 4 + 6);
    expect(
      (await site.store.runs.page(id, { limit: 100 })).items.filter((run) => run.stages.length === 0),
    ).toHaveLength(10);
  });

  it('gives a refit more seeds beside those it had', async () => {
    const worker = await site.startWorker();
    const scheduler = site.start();
    const id = await addToySweep(site.store);
    await site.drive(scheduler, id, 'succeeded');
    worker.claimed.splice(0);
    await extend(id, 'refit', (plan) => ({ ...plan, refit: { top: 2, seeds: 5 } }));
    await site.drive(scheduler, id, 'succeeded');
    expect(worker.claimed.map(({ seed }) => seed).sort((a, b) => a - b)).toEqual([6, 6, 7, 7]);
    const refit = (await site.store.stages.list(id)).at(-1)!;
    const { planned } = await site.store.stages.results(refit.id);
    expect(Object.values(planned)).toEqual([
      [3, 4, 5, 6, 7],
      [3, 4, 5, 6, 7],
    ]);
  });

  it('takes the runs of a refit for those of more seeds', async () => {
    const worker = await site.startWorker();
    const scheduler = site.start();
    const id = await addToySweep(site.store);
    await site.drive(scheduler, id, 'succeeded');
    worker.claimed.splice(0);
    await extend(id, 'beta', (plan) => ({ ...plan, seeds: [1, 2, 3] }));
    await site.drive(scheduler, id, 'succeeded');
    // beta=1 alone lacks seed 3; the refit, which must not judge with it, takes seed 6 for both instead.
    const trained = worker.claimed.map(({ cell, seed }) => `${JSON.stringify(cell.params['beta'])}/${seed}`).sort();
    expect(trained).toEqual(['1/3', '10/6', '5/6']);
  });
});
