import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { listen, openStore, type StateChange, type Store } from '@trawl/store';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/processes.js';
import { startProxy } from '../support/proxy.js';
import { openQueues, openScheduling, type Scheduling, STAGED } from '../support/scheduling.js';
import { addWorker, runsOf } from '../support/sweeps.js';
import { addToySweep, STAGES } from '../support/toy.js';

let site: Scheduling;
beforeAll(async () => {
  site = await openScheduling();
});
afterEach(() => site.tidy());
afterAll(() => site.close());

describe('a staged sweep', () => {
  it('opens, selects, links and refits until it has succeeded', async () => {
    const worker = await site.startWorker();
    const scheduler = site.start();
    const id = await addToySweep(site.store);
    const detail = await site.drive(scheduler, id, 'succeeded');

    expect(await site.outcome(id)).toMatchObject(STAGED);
    expect(detail.stages[1]?.selected).toMatchObject({ params: { alpha: 100, beta: 5 }, decidedBy: 'rule' });
    // alpha=100 beta=1 was trained for alpha: beta takes its two runs over.
    expect(worker.claimed).toHaveLength(6 + 4 + 6);
    const runs = (await site.store.runs.page(id, { limit: 100 })).items;
    expect(runs.filter((run) => run.stages.length === 2)).toHaveLength(2);
    const refit = worker.claimed.slice(-6).map(({ cell, seed }) => JSON.stringify([cell.params['beta'], seed]));
    expect(refit.sort()).toEqual(['[10,3]', '[10,4]', '[10,5]', '[5,3]', '[5,4]', '[5,5]']);
  });

  it('comes to the same with two schedulers at once', async () => {
    const other = await openStore({ databaseUrl: site.databaseUrl });
    site.closing(other);
    const worker = await site.startWorker();
    const loops = [site.start({ intervalMs: 10 }), site.start({ intervalMs: 15, store: other })];
    site.closing(await listen(site.databaseUrl, (what) => loops.forEach((scheduler) => scheduler.notify(what))));
    const id = await addToySweep(site.store);
    await until('sweep succeeded', async () => (await site.detailOf(id)).state === 'succeeded');
    expect(await site.outcome(id)).toMatchObject(STAGED);
    expect(worker.claimed).toHaveLength(16);
  });

  it('comes to the same when a scheduler dies after every single write', async () => {
    const worker = await site.startWorker();
    const id = await addToySweep(site.store);
    const deaths: string[] = [];
    await until('sweep succeeded', async () => {
      const scheduler = site.start({ store: mortal(site.store) });
      await scheduler.tick().catch((error: unknown) => deaths.push(String(error)));
      await scheduler.close();
      return (await site.detailOf(id)).state === 'succeeded';
    });
    expect(await site.outcome(id)).toMatchObject(STAGED);
    expect(worker.claimed).toHaveLength(16);
    expect(deaths.filter((death) => !death.includes('killed after'))).toEqual([]);
    const count = (write: string) => deaths.filter((death) => death.endsWith(write)).length;
    expect(['open', 'decide', 'finishSweep'].map(count)).toEqual([2, 3, 1]);
    expect(count('takeForDispatch')).toBeGreaterThan(2);
  });

  it('starts runs from the weights that an earlier stage selected, its refits too', async () => {
    const [alpha, beta, refit] = STAGES;
    const from = { stage: 'alpha', artifact: 'weights', match: 'selected' } as const;
    await site.startWorker();
    const id = await addToySweep(site.store, [alpha!, { ...beta!, from }, refit!]);
    await site.drive(site.start(), id, 'succeeded');
    const { rows } = await site.pool.query(
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
    const worker = await site.startWorker();
    const scheduler = site.start();
    const id = await addToySweep(site.store);
    await site.drive(scheduler, id, 'succeeded');
    await site.store.stages.addRefit(id, { ...STAGES[2]!, name: 'again', refit: { top: 1, seeds: 2 } });
    await site.drive(scheduler, id, 'succeeded');
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

it('does not let a stage that cannot be written keep other sweeps waiting', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  const poisoned = await addToySweep(site.store);
  const id = await addToySweep(site.store);
  const refuse: Store['stages']['open'] = async (stageId, ...rest) => {
    const isPoisoned = (await site.store.stages.list(poisoned)).some((stage) => stage.id === stageId);
    if (isPoisoned) throw new Error('violates a constraint');
    return site.store.stages.open(stageId, ...rest);
  };
  await site.startWorker();
  const scheduler = site.start({ store: { ...site.store, stages: { ...site.store.stages, open: refuse } }, log });
  await site.drive(scheduler, id, 'succeeded');
  await until('alpha done', async () => {
    await scheduler.tick();
    return (await site.detailOf(poisoned)).stages[0]?.state === 'done';
  });
  await scheduler.tick();
  await scheduler.tick();
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ sweepId: poisoned, stage: 'beta', msg: 'stage cannot be advanced; trying every round' }),
  ]);
  expect((await site.detailOf(poisoned)).state).toBe('running');
});

describe('leases', () => {
  it('are reaped one lease after the scheduler began, or heard that Postgres was away', async () => {
    const worker = await addWorker(site.store);
    const id = await addToySweep(site.store);
    const [runId = ''] = await runsOf(site.store, id);
    let seconds = 0;
    const scheduler = site.start({ now: () => seconds * 1_000 });
    await scheduler.tick();
    expect(await site.store.runs.claim(runId, 0, worker)).not.toBeNull();
    await site.pool.query(`update run set lease_until = now() - interval '1 second' where id = $1`, [runId]);
    const stateAt = async (at: number) => {
      seconds = at;
      await scheduler.tick();
      return (await site.store.runs.detail(runId))?.state;
    };
    expect(await stateAt(29)).toBe('running');
    scheduler.notify({ kind: 'resync' });
    expect(await stateAt(58)).toBe('running');
    expect(await stateAt(60)).toBe('queued');
    expect(await site.store.runs.detail(runId)).toMatchObject({ failures: 1, failureClass: 'lost' });
    await site.store.workers.gone(worker);
  });
});

describe('an outage', () => {
  it('of Postgres is logged once, survived, and followed by a whole lease of patience', async () => {
    const proxy = await startProxy(site.databaseUrl);
    const changes: StateChange[] = [];
    const through = await openStore({ databaseUrl: proxy.url, onChange: (change) => changes.push(change) });
    const throughQueues = await openQueues(proxy.url);
    site.closing({ close: () => proxy.down() }, through, ...throughQueues);
    const lines: string[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const scheduler = site.start({ store: through, queues: throughQueues, log, intervalMs: 20 });
    site.closing(await listen(proxy.url, (notification) => scheduler.notify(notification)));
    await site.startWorker();
    const said = (message: string) => lines.filter((line) => line.includes(message)).length;

    await proxy.down();
    await until('outage noticed', () => said('Postgres failed') > 0);
    const id = await addToySweep(site.store);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await site.detailOf(id)).runs.queued).toBe(6);
    await proxy.up();
    await until('sweep succeeded', async () => (await site.detailOf(id)).state === 'succeeded');
    expect([said('Postgres failed'), said('Postgres answers again')]).toEqual([1, 1]);
    const reached = (state: string) => changes.filter(({ to }) => to === state).map(({ what, from }) => [what, from]);
    expect(reached('done')).toEqual(Array.from({ length: 3 }, () => ['stage', 'running']));
    expect(reached('succeeded')).toEqual([['sweep', 'running']]);
  });
});

describe('the process', () => {
  it('dispatches when it is told of a sweep, and ends on SIGTERM', async () => {
    const script = fileURLToPath(new URL('../../apps/scheduler/dist/main.js', import.meta.url));
    const env = { ...process.env, DATABASE_URL: site.databaseUrl, TRAWL_LOG_LEVEL: 'info' };
    const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const lines: { msg: string; sweepId?: string; runId?: string; fence?: number }[] = [];
    createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)));
    await until('scheduling', () => lines.some(({ msg }) => msg === 'scheduling'));
    const worker = await site.startWorker();
    const id = await addToySweep(site.store);
    await until('six runs claimed', () => worker.claimed.length === 6);
    const [runId] = await runsOf(site.store, id);
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'run dispatched', sweepId: id, runId, fence: 0 }));
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});
