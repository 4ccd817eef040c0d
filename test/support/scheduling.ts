import { openQueue, type RunQueue } from '@trawl/queue';
import type { FailureClass, Params, StageView, SweepDetail } from '@trawl/spec';
import { type ClaimedRun, openStore, type Store } from '@trawl/store';
import { Pool } from 'pg';
import { pino } from 'pino';
import { startScheduler, type Scheduler, type SchedulerOptions } from '../../apps/scheduler/dist/scheduler.js';
import { freshDatabase } from './database.js';
import { until } from './processes.js';
import { catalog, startToyWorker, type ToyWorker } from './toy.js';

interface Closable {
  close(): Promise<unknown>;
}

/** What schedulers of this process work on: a database, queues in it, workers that train nothing. */
export interface Scheduling {
  readonly databaseUrl: string;
  readonly store: Store;
  readonly pool: Pool;
  /** Does nothing but what `tick` asks for, unless told otherwise. */
  start(options?: Partial<SchedulerOptions>): Scheduler;
  startWorker(fails?: (run: ClaimedRun) => FailureClass | null): Promise<ToyWorker>;
  /** Closed by `tidy`, the last first. */
  closing(...each: Closable[]): void;
  detailOf(id: string): Promise<SweepDetail>;
  /** Ticks until the sweep is in that state. */
  drive(scheduler: Scheduler, id: string, state: SweepDetail['state']): Promise<SweepDetail>;
  /** What a sweep came to, without ids and times. */
  outcome(id: string): Promise<Outcome>;
  /** Ends what a test has started, and deletes its sweeps. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

interface Outcome {
  state: SweepDetail['state'];
  stages: (Pick<StageView, 'name' | 'state' | 'cells'> & { point: Params | null })[];
  runs: string[];
}

/** What the toy sweep comes to. */
export const STAGED = {
  state: 'succeeded',
  stages: [
    { name: 'alpha', state: 'done', cells: 3, point: { alpha: 100 } },
    { name: 'beta', state: 'done', cells: 3, point: { beta: 5 } },
    { name: 'refit', state: 'done', cells: 2, point: null },
  ],
};

export const openQueues = (url: string): Promise<RunQueue[]> =>
  Promise.all((['cpu', 'gpu'] as const).map((capability) => openQueue({ url, capability })));

export async function openScheduling(): Promise<Scheduling> {
  const database = await freshDatabase();
  const { databaseUrl } = database;
  const store = await openStore({ databaseUrl });
  const queues = await openQueues(databaseUrl);
  const pool = new Pool({ connectionString: databaseUrl, max: 1 });
  const log = pino({ level: 'silent' });
  const open: Closable[] = [];
  const detailOf = async (id: string): Promise<SweepDetail> => (await store.sweeps.detail(id))!;
  return {
    databaseUrl,
    store,
    pool,
    detailOf,
    closing: (...each) => void open.push(...each),
    start(options) {
      const scheduler = startScheduler({ store, queues, catalog, log, intervalMs: 0, repairMs: 0, ...options });
      open.push(scheduler);
      return scheduler;
    },
    async startWorker(fails) {
      const worker = await startToyWorker(store, queues[0]!, fails);
      open.push(worker);
      return worker;
    },
    drive: (scheduler, id, state) =>
      until(`sweep ${state}`, async () => {
        await scheduler.tick();
        const detail = await detailOf(id);
        return detail.state === state ? detail : null;
      }),
    async outcome(id) {
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
    },
    async tidy() {
      for (const each of open.splice(0).reverse()) await each.close();
      for (const { id } of (await store.sweeps.list({ limit: 100 })).items) {
        await store.sweeps.cancel(id);
        await store.sweeps.delete(id);
      }
    },
    async close() {
      await Promise.all(queues.map((queue) => queue.close()));
      await store.close();
      await pool.end();
      await database.drop();
    },
  };
}
