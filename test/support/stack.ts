import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectDataset } from '@trawl/datasets/inspect';
import { openQueue } from '@trawl/queue';
import type { Catalog, RunView } from '@trawl/spec';
import { listen, LocalArtifacts, openStore, type Store, type UnsafeSwitches } from '@trawl/store';
import { openTracing } from '@trawl/tracing';
import { Pool } from 'pg';
import pino from 'pino';
import { buildApp } from '../../apps/api/dist/app.js';
import { Wakeups } from '../../apps/api/dist/services/wakeups.js';
import { startScheduler } from '../../apps/scheduler/dist/scheduler.js';
import { freshDatabase } from './database.js';
import { survivors, until } from './processes.js';
import { card } from './stub-trainer.js';
import { readWitness, startWorker, type Testimony, type WorkerProcess } from './worker.js';

/** A whole service on a database of its own: api and scheduler in this process, workers as processes. */
export interface Stack {
  store: Store;
  databaseUrl: string;
  apiUrl: string;
  folder: string;
  startWorker(env?: Record<string, string>): Promise<WorkerProcess>;
  /** Posts a sweep of the stub over HTTP; its id. */
  submit(spec: Record<string, unknown>): Promise<string>;
  call(method: string, path: string): Promise<Response>;
  runs(sweepId: string): Promise<RunView[]>;
  /** Waits for a sweep's only run to be as wanted. */
  run(sweepId: string, what: string, wanted: (run: RunView) => boolean, ms?: number): Promise<RunView>;
  witness(): Testimony[];
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Leases of running runs end now. */
  endLeases(): Promise<void>;
  /** Kills every worker and fails when a process is left. */
  close(): Promise<void>;
}

const LEASE_MS = 30_000;
const catalog: Catalog = new Map([[card.name, card]]);

/** @param options.otlpEndpoint a collector, to which api and scheduler send spans as one service; workers by their own env */
export async function startStack(options: { unsafe?: UnsafeSwitches; otlpEndpoint?: string } = {}): Promise<Stack> {
  const { unsafe, otlpEndpoint = null } = options;
  const database = await freshDatabase();
  const { databaseUrl } = database;
  const folder = await mkdtemp(join(tmpdir(), 'trawl-stack-'));
  const witnessPath = join(folder, 'witness.jsonl');
  const logged: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  const store = await openStore({ databaseUrl, unsafe });
  const queues = await Promise.all(
    (['cpu', 'gpu'] as const).map((capability) => openQueue({ url: databaseUrl, capability })),
  );
  const tracing = await openTracing(otlpEndpoint, 'stack', (error) => logged.push(error));
  const app = buildApp({
    tracing,
    store,
    files: new LocalArtifacts(join(folder, 'artifacts')),
    queues,
    catalog,
    dataRoots: [folder],
    inspect: (dataset, at) => inspectDataset(dataset, { roots: [folder], at }),
    log,
    wakeups: new Wakeups(),
  });
  const apiUrl = await app.listen({ host: '127.0.0.1', port: 0 });
  // A scheduler does not reap in its first 30 s, so that workers can renew; here everybody is well from the start.
  let begun = false;
  const now = (): number => performance.now() + (begun ? LEASE_MS : 0);
  const scheduler = startScheduler({ store, queues, catalog, log, tracing, intervalMs: 200, repairMs: 1_000, now });
  begun = true;
  const listener = await listen(databaseUrl, (notification) => scheduler.notify(notification));
  const pool = new Pool({ connectionString: databaseUrl, max: 1 });
  const workers: WorkerProcess[] = [];

  const call = (method: string, path: string): Promise<Response> => fetch(`${apiUrl}${path}`, { method });
  const runs = async (sweepId: string): Promise<RunView[]> => (await store.runs.page(sweepId, { limit: 1_000 })).items;
  const query = async (sql: string, values?: unknown[]) => (await pool.query(sql, values)).rows;

  return {
    store,
    databaseUrl,
    apiUrl,
    folder,
    async startWorker(env = {}) {
      const worker = await startWorker({
        DATABASE_URL: databaseUrl,
        TRAWL_API_URL: apiUrl,
        TRAWL_DATA_DIR: join(folder, 'worker'),
        TRAWL_DATA_ROOTS: folder,
        TRAWL_TRAINER_LOG: witnessPath,
        TRAWL_SLOTS: '1',
        ...env,
      });
      workers.push(worker);
      return worker;
    },
    async submit(spec) {
      const body = {
        name: 'test',
        model: 'stub',
        dataset: { kind: 'behaviour', trials: 3, frames: 2, height: 16, width: 16 },
        ...spec,
      };
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${apiUrl}/v1/sweeps`, { method: 'POST', headers, body: JSON.stringify(body) });
      const text = await answer.text();
      if (answer.status !== 201) throw new Error(`POST /v1/sweeps answered ${answer.status}: ${text}`);
      return JSON.parse(text).id;
    },
    call,
    runs,
    async run(sweepId, what, wanted, ms) {
      let last: RunView | undefined;
      try {
        return await until(
          what,
          async () => {
            last = (await runs(sweepId))[0];
            return last !== undefined && wanted(last) ? last : null;
          },
          ms,
        );
      } catch (error) {
        const said = [
          ...logged.slice(-20),
          ...workers
            .flatMap((worker) => worker.logged())
            .slice(-20)
            .map((line) => JSON.stringify(line)),
        ];
        throw new Error(`${String(error)}\n${JSON.stringify(last)}\n${said.join('\n')}`, { cause: error });
      }
    },
    witness: () => readWitness(witnessPath),
    query,
    endLeases: async () =>
      void (await query(`update run set lease_until = now() - interval '1 second' where state = 'running'`)),
    async close() {
      for (const worker of workers) worker.kill('SIGKILL');
      await Promise.all(workers.map((worker) => worker.exited));
      const left = await survivors(new Set(readWitness(witnessPath).map(({ pid }) => pid)), 5_000);
      for (const pid of left) process.kill(pid, 'SIGKILL');
      await listener.close();
      await scheduler.close();
      await app.close();
      await Promise.all(queues.map((queue) => queue.close()));
      await Promise.all([store.close(), pool.end(), tracing.close()]);
      await database.drop();
      await rm(folder, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`trainers outlived their supervisors: ${left.join(', ')}`);
    },
  };
}
