import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openQueue, type RunQueue } from '@trawl/queue';
import { dependentsOf } from '@trawl/search';
import type { FailureClass, StagePlan, SweepDetail } from '@trawl/spec';
import { listen, openStore, type ClaimedRun, type StateChange, type Store } from '@trawl/store';
import { Pool } from 'pg';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startScheduler, type Scheduler, type SchedulerOptions } from '../../apps/scheduler/dist/scheduler.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/processes.js';
import { startProxy } from '../support/proxy.js';
import { addWorker, runsOf } from '../support/sweeps.js';
import { addToySweep, catalog, STAGES, startToyWorker } from '../support/toy.js';

let database: TestDatabase;
let store: Store;
let queues: RunQueue[];
let pool: Pool;
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ databaseUrl: database.databaseUrl });
  queues = await openQueues(database.databaseUrl);
  pool = new Pool({ connectionString: database.databaseUrl, max: 1 });
});
afterAll(async () => {
  await Promise.all(queues.map((queue) => queue.close()));
  await store.close();
  await pool.end();
  await database.drop();
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
  for (const { id } of (await store.sweeps.list({ limit: 100 })).items) {
    await store.sweeps.cancel(id);
    await store.sweeps.delete(id);
  }
});

const openQueues = (url: string) =>
  Promise.all((['cpu', 'gpu'] as const).map((capability) => openQueue({ url, capability })));
const silent = pino({ level: 'silent' });

/** Does nothing but what `tick` asks for. */
function start(options: Partial<SchedulerOptions> = {}): Scheduler {
  const scheduler = startScheduler({ store, queues, catalog, log: silent, intervalMs: 0, repairMs: 0, ...options });
  open.push(scheduler);
  return scheduler;
}

async function startWorker(fails?: (run: ClaimedRun) => FailureClass | null) {
  const worker = await startToyWorker(store, queues[0]!, fails);
  open.push(worker);
  return worker;
}

const detailOf = async (id: string): Promise<SweepDetail> => (await store.sweeps.detail(id))!;

/** Ticks until the sweep is in that state. */
const drive = (scheduler: Scheduler, id: string, state: SweepDetail['state']): Promise<SweepDetail> =>
  until(`sweep ${state}`, async () => {
    await scheduler.tick();
    const detail = await detailOf(id);
    return detail.state === state ? detail : null;
  });

/** What a sweep came to, without ids and times. */
async function outcome(id: string) {
  const { state, stages } = await detailOf(id);
  const runs = (await store.runs.page(id, { limit: 1_000 })).items;
  return {
    state,
    stages: stages.map(({ name, state: its, selected, cells }) => ({
      name,
      state: its,
      cells,
      point: selected?.point ?? null,
    })),
    runs: runs
      .map((run) => `${run.stages.join('+')} ${JSON.stringify(run.point)} seed ${run.seed} ${run.state}`)
      .sort(),
  };
}

const STAGED = {
  state: 'succeeded',
  stages: [
    { name: 'alpha', state: 'done', cells: 3, point: { alpha: 100 } },
    { name: 'beta', state: 'done', cells: 3, point: { beta: 5 } },
    { name: 'refit', state: 'done', cells: 2, point: null },
  ],
};

describe('a staged sweep', () => {
  it('opens, selects, links and refits until it has succeeded', async () => {
    const worker = await startWorker();
    const scheduler = start();
    const id = await addToySweep(store);
    const detail = await drive(scheduler, id, 'succeeded');

    expect(await outcome(id)).toMatchObject(STAGED);
    expect(detail.stages[1]?.selected).toMatchObject({ params: { alpha: 100, beta: 5 }, decidedBy: 'rule' });
    // alpha=100 beta=1 was trained for alpha: beta takes its two runs over.
    expect(worker.claimed).toHaveLength(6 + 4 + 6);
    const runs = (await store.runs.page(id, { limit: 100 })).items;
    expect(runs.filter((run) => run.stages.length === 2)).toHaveLength(2);
    const refit = worker.claimed.slice(-6).map(({ cell, seed }) => JSON.stringify([cell.params['beta'], seed]));
    expect(refit.sort()).toEqual(['[10,3]', '[10,4]', '[10,5]', '[5,3]', '[5,4]', '[5,5]']);
  });

  it('comes to the same with two schedulers at once', async () => {
    const other = await openStore({ databaseUrl: database.databaseUrl });
    open.push(other);
    const worker = await startWorker();
    const loops = [start({ intervalMs: 10 }), start({ intervalMs: 15, store: other })];
    open.push(await listen(database.databaseUrl, (what) => loops.forEach((scheduler) => scheduler.notify(what))));
    const id = await addToySweep(store);
    await until('sweep succeeded', async () => (await detailOf(id)).state === 'succeeded');
    expect(await outcome(id)).toMatchObject(STAGED);
    expect(worker.claimed).toHaveLength(16);
  });

  it('comes to the same when a scheduler dies after every single write', async () => {
    const worker = await startWorker();
    const id = await addToySweep(store);
    const deaths: string[] = [];
    await until('sweep succeeded', async () => {
      const scheduler = start({ store: mortal(store) });
      await scheduler.tick().catch((error: unknown) => deaths.push(String(error)));
      await scheduler.close();
      return (await detailOf(id)).state === 'succeeded';
    });
    expect(await outcome(id)).toMatchObject(STAGED);
    expect(worker.claimed).toHaveLength(16);
    expect(deaths.filter((death) => !death.includes('killed after'))).toEqual([]);
    const count = (write: string) => deaths.filter((death) => death.endsWith(write)).length;
    expect(['open', 'decide', 'finishSweep'].map(count)).toEqual([2, 3, 1]);
    expect(count('takeForDispatch')).toBeGreaterThan(2);
  });

  it('starts runs from the weights that an earlier stage selected, its refits too', async () => {
    const [alpha, beta, refit] = STAGES;
    const from = { stage: 'alpha', artifact: 'weights', match: 'selected' } as const;
    await startWorker();
    const id = await addToySweep(store, [alpha!, { ...beta!, from }, refit!]);
    await drive(start(), id, 'succeeded');
    const { rows } = await pool.query(
      `select distinct s.name, c.params ->> 'alpha' as alpha, p.seed from stage s
       join run r on r.stage_id = s.id join run p on p.id = r.parent_run_id join cell c on c.id = p.cell_id
       where s.sweep_id = $1 order by s.name`,
      [id],
    );
    expect(rows).toEqual([
      { name: 'beta', alpha: '100', seed: 1 },
      { name: 'refit', alpha: '100', seed: 1 },
    ]);
  });

  it('refits the sweep again when asked after its end', async () => {
    const worker = await startWorker();
    const scheduler = start();
    const id = await addToySweep(store);
    await drive(scheduler, id, 'succeeded');
    await store.stages.addRefit(id, { ...STAGES[2]!, name: 'again', refit: { top: 1, seeds: 2 } });
    await drive(scheduler, id, 'succeeded');
    expect(worker.claimed.slice(16).map(({ cell, seed }) => [cell.params['beta'], seed])).toEqual(
      expect.arrayContaining([
        [5, 6],
        [5, 7],
      ]),
    );
    expect(worker.claimed).toHaveLength(18);
  });
});

/** A store that does its first write and then answers no more, as after a SIGKILL. */
function mortal(real: Store): Store {
  let dead = false;
  const WRITES = new Set(['open', 'decide', 'await', 'fail', 'finishSweep', 'takeForDispatch', 'undispatch']);
  const part = <T extends object>(object: T): T =>
    new Proxy(object, {
      get(target, name, receiver) {
        const method: unknown = Reflect.get(target, name, receiver);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          if (dead) throw new Error('killed');
          const result: unknown = await method.apply(target, args);
          if (!WRITES.has(String(name)) || !result || (Array.isArray(result) && result.length === 0)) return result;
          dead = true;
          throw new Error(`killed after ${String(name)}`);
        };
      },
    });
  const { sweeps, stages, runs } = real;
  const ping = async () => {
    if (dead) throw new Error('killed');
  };
  return { ...real, ping, sweeps: part(sweeps), stages: part(stages), runs: part(runs) };
}

describe('a stage that cannot be decided', () => {
  it('waits for review where a cell is missing, and goes on with the cell approved', async () => {
    await startWorker((run) => (run.cell.params['alpha'] === 500 && run.seed === 2 ? 'invalid_data' : null));
    const scheduler = start();
    const id = await addToySweep(store);
    const waiting = await drive(scheduler, id, 'awaiting_review');
    expect(waiting.stages[0]).toMatchObject({
      state: 'awaiting_review',
      selected: { point: { alpha: 100 } },
    });
    expect(waiting.stages[0]?.reason).toMatch(/^1 of 3 cells incomplete .*alpha = 500.*seed 2: invalid_data/);
    await scheduler.tick();
    expect((await detailOf(id)).stages[1]?.state).toBe('pending');

    const stage = (await store.stages.byName(id, 'alpha'))!;
    const { cells } = await store.stages.results(stage.id);
    const cellId = cells.find(({ point }) => point['alpha'] === 50)!.cellId;
    await store.stages.decide(stage.id, { cellId, why: 'I prefer 50', decidedBy: 'ada' });
    const done = await drive(scheduler, id, 'succeeded');
    expect(done.stages[0]?.selected).toMatchObject({ point: { alpha: 50 }, why: 'I prefer 50', decidedBy: 'ada' });
    expect(done.stages[1]?.selected?.params).toEqual({ alpha: 50, beta: 5 });
  });

  it('decides by itself once the missing run was tried again', async () => {
    let broken = true;
    await startWorker(({ cell }) => (broken && cell.params['alpha'] === 50 ? 'invalid_data' : null));
    const scheduler = start();
    const id = await addToySweep(store);
    await drive(scheduler, id, 'awaiting_review');
    broken = false;
    for (const run of (await store.runs.page(id, { state: 'failed', limit: 10 })).items) await store.runs.retry(run.id);
    await drive(scheduler, id, 'succeeded');
    expect(await outcome(id)).toMatchObject(STAGED);
  });

  it('selects without the missing cell where that is allowed', async () => {
    const [alpha, ...rest] = STAGES;
    const partial = { ...alpha!, select: { ...alpha!.select!, allowPartial: true } };
    await startWorker(({ cell }) => (cell.params['alpha'] === 100 ? 'invalid_data' : null));
    const id = await addToySweep(store, [partial, ...rest]);
    const done = await drive(start(), id, 'succeeded');
    expect(done.stages[0]?.selected?.point).toEqual({ alpha: 500 });
  });

  it('takes a diverged cell for a result that cannot win', async () => {
    await startWorker(({ cell }) => (cell.params['beta'] === 5 ? 'diverged' : null));
    const id = await addToySweep(store);
    const done = await drive(start(), id, 'succeeded');
    expect(done.stages[1]?.selected?.point).toEqual({ beta: 10 });
  });

  it('waits for review where a refit lacks runs', async () => {
    await startWorker(({ seed }) => (seed === 4 ? 'invalid_data' : null));
    const id = await addToySweep(store);
    const waiting = await drive(start(), id, 'awaiting_review');
    expect(waiting.stages[2]?.reason).toMatch(
      /^2 of 2 cells miss runs: beta=\d+ \(seed 4 invalid_data: as the test wants it\)/,
    );
  });

  it('waits for review where every cell diverged', async () => {
    await startWorker(() => 'diverged');
    const id = await addToySweep(store);
    const waiting = await drive(start(), id, 'awaiting_review');
    expect(waiting.stages[0]).toMatchObject({ state: 'awaiting_review', selected: null });
    expect(waiting.stages[0]?.reason).not.toBe('');
  });

  it('fails where no run came to anything, and the sweep with it', async () => {
    await startWorker(() => 'invalid_data');
    const id = await addToySweep(store);
    const failed = await drive(start(), id, 'failed');
    expect(failed.stages.map(({ state }) => state)).toEqual(['failed', 'pending', 'pending']);
    expect(failed.stages[0]?.reason).toMatch(
      /^no run succeeded: 3 of 3 cells miss runs: alpha=50 \(seed 1 invalid_data/,
    );
  });

  it('waits at a gate with the selection to approve', async () => {
    const [alpha, ...rest] = STAGES;
    await startWorker();
    const id = await addToySweep(store, [{ ...alpha!, gate: 'review' }, ...rest]);
    const waiting = await drive(start(), id, 'awaiting_review');
    expect(waiting.stages[0]).toMatchObject({ reason: 'gate: review', selected: { point: { alpha: 100 } } });
  });

  it('fails where the service does not know its model any more', async () => {
    await startWorker();
    const id = await addToySweep(store);
    const failed = await drive(start({ catalog: new Map() }), id, 'failed');
    expect(failed.stages[0]?.reason).toBe("model toy is not in this service's catalogue");
  });
});

it('does not let a stage that cannot be written keep other sweeps waiting', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  const poisoned = await addToySweep(store);
  const id = await addToySweep(store);
  const refuse: Store['stages']['open'] = async (stageId, ...rest) => {
    const isPoisoned = (await store.stages.list(poisoned)).some((stage) => stage.id === stageId);
    if (isPoisoned) throw new Error('violates a constraint');
    return store.stages.open(stageId, ...rest);
  };
  await startWorker();
  const scheduler = start({ store: { ...store, stages: { ...store.stages, open: refuse } }, log });
  await drive(scheduler, id, 'succeeded');
  await until('alpha done', async () => {
    await scheduler.tick();
    return (await detailOf(poisoned)).stages[0]?.state === 'done';
  });
  await scheduler.tick();
  await scheduler.tick();
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ sweepId: poisoned, stage: 'beta', msg: 'stage cannot be advanced; trying every round' }),
  ]);
  expect((await detailOf(poisoned)).state).toBe('running');
});

describe('leases', () => {
  it('are reaped one lease after the scheduler began, or heard that Postgres was away', async () => {
    const worker = await addWorker(store);
    const id = await addToySweep(store);
    const [runId = ''] = await runsOf(store, id);
    let seconds = 0;
    const scheduler = start({ now: () => seconds * 1_000 });
    await scheduler.tick();
    expect(await store.runs.claim(runId, 0, worker)).not.toBeNull();
    await pool.query(`update run set lease_until = now() - interval '1 second' where id = $1`, [runId]);
    const stateAt = async (at: number) => {
      seconds = at;
      await scheduler.tick();
      return (await store.runs.detail(runId))?.state;
    };
    expect(await stateAt(29)).toBe('running');
    scheduler.notify({ kind: 'resync' });
    expect(await stateAt(58)).toBe('running');
    expect(await stateAt(60)).toBe('queued');
    expect(await store.runs.detail(runId)).toMatchObject({ failures: 1, failureClass: 'lost' });
    await store.workers.gone(worker);
  });
});

describe('an outage', () => {
  it('of Postgres is logged once, survived, and followed by a whole lease of patience', async () => {
    const proxy = await startProxy(database.databaseUrl);
    const changes: StateChange[] = [];
    const through = await openStore({ databaseUrl: proxy.url, onChange: (change) => changes.push(change) });
    const throughQueues = await openQueues(proxy.url);
    open.push({ close: () => proxy.down() }, through, ...throughQueues);
    const lines: string[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const scheduler = start({ store: through, queues: throughQueues, log, intervalMs: 20 });
    open.push(await listen(proxy.url, (notification) => scheduler.notify(notification)));
    await startWorker();
    const said = (message: string) => lines.filter((line) => line.includes(message)).length;

    await proxy.down();
    await until('outage noticed', () => said('Postgres failed') > 0);
    const id = await addToySweep(store);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await detailOf(id)).runs.queued).toBe(6);
    await proxy.up();
    await until('sweep succeeded', async () => (await detailOf(id)).state === 'succeeded');
    expect([said('Postgres failed'), said('Postgres answers again')]).toEqual([1, 1]);
    const reached = (state: string) => changes.filter(({ to }) => to === state).map(({ what, from }) => [what, from]);
    expect(reached('done')).toEqual(Array.from({ length: 3 }, () => ['stage', 'running']));
    expect(reached('succeeded')).toEqual([['sweep', 'running']]);
  });
});

describe('the process', () => {
  it('dispatches when it is told of a sweep, and ends on SIGTERM', async () => {
    const script = fileURLToPath(new URL('../../apps/scheduler/dist/main.js', import.meta.url));
    const env = { ...process.env, DATABASE_URL: database.databaseUrl, TRAWL_LOG_LEVEL: 'info' };
    const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const lines: { msg: string; sweepId?: string; runId?: string; fence?: number }[] = [];
    createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)));
    await until('scheduling', () => lines.some(({ msg }) => msg === 'scheduling'));
    const worker = await startWorker();
    const id = await addToySweep(store);
    await until('six runs claimed', () => worker.claimed.length === 6);
    const [runId] = await runsOf(store, id);
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'run dispatched', sweepId: id, runId, fence: 0 }));
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});

/** As POST /extend does, without a check of the new plan. */
const extend = async (id: string, name: string, change: (plan: StagePlan) => StagePlan) => {
  const stages = await store.stages.list(id);
  const stage = stages.find((each) => each.name === name)!;
  const built = dependentsOf(
    stages.map((each) => each.plan),
    stage.ordinal,
  ).map((plan) => plan.name);
  const dependents = stages.filter((each) => built.includes(each.name)).map((each) => each.id);
  const more = { stages: stages.length, dependents, variants: [], body: {} };
  const result = await store.stages.extend(stage.id, { from: stage.plan, to: change(stage.plan), ...more });
  expect(result).toBe('extended');
};
const withValues = (axis: string, values: number[]) => (plan: StagePlan) => ({
  ...plan,
  space: { ...plan.space, grid: { [axis]: values } },
});

describe('an extended sweep', () => {
  it('trains only what it lacks where the selection stays', async () => {
    const worker = await startWorker();
    const scheduler = start();
    const id = await addToySweep(store);
    await drive(scheduler, id, 'succeeded');
    const before = await outcome(id);
    worker.claimed.splice(0);
    // alpha=1000 is worse: 100 stays selected, and all that was built on it is there.
    await extend(id, 'alpha', withValues('alpha', [50, 100, 500, 1000]));
    await drive(scheduler, id, 'succeeded');
    expect(worker.claimed.map(({ cell, seed }) => [cell.params['alpha'], seed])).toEqual([
      [1000, 1],
      [1000, 2],
    ]);
    const after = await outcome(id);
    expect(after.stages).toEqual(
      before.stages.map((stage) => (stage.name === 'alpha' ? { ...stage, cells: 4 } : stage)),
    );
    expect(after.runs).toEqual(
      [...before.runs, ...['1', '2'].map((seed) => `alpha {"alpha":1000} seed ${seed} succeeded`)].sort(),
    );
  });

  it('builds later stages anew on a new selection, and mixes no old run into them', async () => {
    const worker = await startWorker();
    const scheduler = start();
    const id = await addToySweep(
      store,
      STAGES.map((stage, i) => (i === 0 ? withValues('alpha', [50, 100])(stage) : stage)),
    );
    await drive(scheduler, id, 'succeeded');
    expect((await outcome(id)).stages[0]).toMatchObject({ point: { alpha: 100 } });
    // 500 is better than 100 within no tolerance now.
    await extend(id, 'alpha', (plan) => ({
      ...withValues('alpha', [50, 100, 500])(plan),
      select: { ...plan.select!, tolerance: { factor: 1.01 } },
    }));
    worker.claimed.splice(0);
    await drive(scheduler, id, 'succeeded');
    expect((await outcome(id)).stages[0]).toMatchObject({ point: { alpha: 500 } });
    const stages = await store.stages.list(id);
    for (const stage of stages.slice(1)) {
      const { cells, runs } = await store.stages.results(stage.id);
      expect(cells.map((cell) => cell.params['alpha'])).toEqual(cells.map(() => 500));
      expect(new Set(runs.map((run) => run.cellId))).toEqual(new Set(cells.map((cell) => cell.cellId)));
    }
    // alpha=500: two seeds for alpha; beta 5 and 10 with two seeds, 1 is linked; refit of two with three.
    expect(worker.claimed).toHaveLength(2 + 4 + 6);
    expect((await store.runs.page(id, { limit: 100 })).items.filter((run) => run.stages.length === 0)).toHaveLength(10);
  });

  it('gives a refit more seeds beside those it had', async () => {
    const worker = await startWorker();
    const scheduler = start();
    const id = await addToySweep(store);
    await drive(scheduler, id, 'succeeded');
    worker.claimed.splice(0);
    await extend(id, 'refit', (plan) => ({ ...plan, refit: { top: 2, seeds: 5 } }));
    await drive(scheduler, id, 'succeeded');
    expect(worker.claimed.map(({ seed }) => seed).sort((a, b) => a - b)).toEqual([6, 6, 7, 7]);
    const refit = (await store.stages.list(id)).at(-1)!;
    const { planned } = await store.stages.results(refit.id);
    expect(Object.values(planned)).toEqual([
      [3, 4, 5, 6, 7],
      [3, 4, 5, 6, 7],
    ]);
  });

  it('takes the runs of a refit for those of more seeds', async () => {
    const worker = await startWorker();
    const scheduler = start();
    const id = await addToySweep(store);
    await drive(scheduler, id, 'succeeded');
    worker.claimed.splice(0);
    await extend(id, 'beta', (plan) => ({ ...plan, seeds: [1, 2, 3] }));
    await drive(scheduler, id, 'succeeded');
    // beta=1 alone lacks seed 3; the refit, which must not judge with it, takes seed 6 for both instead.
    const trained = worker.claimed.map(({ cell, seed }) => `${JSON.stringify(cell.params['beta'])}/${seed}`).sort();
    expect(trained).toEqual(['1/3', '10/6', '5/6']);
  });
});
