import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import type { Random } from '@trawl/search';
import { startEmbeddedPostgres } from '@trawl/store';
import { Pool } from 'pg';
import { isRunning, survivors, until } from '../support/processes.js';
import { startProxy } from '../support/proxy.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { readWitness, type Testimony } from '../support/worker.js';
import { copyCluster, NOT_DURABLE } from './cluster.js';
import { sites } from './openSites.js';
import { ownPort } from './ownPort.js';
import { ROOT, type Role, startRole } from './role.js';
import { MODEL } from './trainer.js';

/** How long a lease holds here: long enough for a busy machine, short enough to wait for. */
export const LEASE_SECONDS = 8;

export type QueueKind = 'postgres' | 'redis';

export interface RunRow {
  id: string;
  state: string;
  fence: number;
  failures: number;
  worker: number | null;
}

/** The whole service as processes, on servers of its own that can be killed, stopped and started again. */
export interface Site {
  readonly queue: QueueKind;
  readonly folder: string;
  /** Of the Postgres server. */
  readonly postgresPid: number;
  readonly dice: Random;
  readonly api: Role;
  readonly schedulers: readonly Role[];
  readonly workers: readonly Role[];
  readonly redis: TestRedis | null;
  readonly queueUrl: string;
  readonly apiUrl: string;
  /** Of the server itself, past the proxy. */
  readonly databaseUrl: string;
  readonly postgres: {
    /** Cuts all connections and refuses new ones. */
    away(): Promise<void>;
    back(): Promise<void>;
    /** Shuts the server down and starts it again. */
    restart(): Promise<void>;
  };
  startApi(options?: { within?: string[] }): Promise<Role>;
  startScheduler(): Promise<Role>;
  startWorker(env?: Record<string, string>): Promise<Role>;
  /**
   * What the stub is told: parameters of test/support/stub-trainer.ts. For workers that start after it.
   * @param module another than `chaos/trainer.js` of what is built
   */
  teach(params: Record<string, unknown>, module?: string): Promise<void>;
  /** Posts a sweep of `cells` cells and two seeds, or those given; its id. */
  submit(cells: number, execution?: Record<string, unknown>, seeds?: number[]): Promise<string>;
  /** Past the proxy: answers also while the roles see no Postgres. */
  sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  runs(sweepId: string): Promise<RunRow[]>;
  witness(): Testimony[];
  /** Ends everything; pids of processes that were left. */
  close(): Promise<number[]>;
}

export interface SiteOptions {
  queue: QueueKind;
  dice: Random;
  /** TRAWL_UNSAFE of scheduler and workers. */
  unsafe?: string;
  /** As in production: Postgres waits for the disk at every commit, and nothing stands between it and the roles. */
  durable?: boolean;
  /** Settings of all roles, and of Postgres. */
  env?: Record<string, string>;
  settings?: Record<string, string>;
}

export const openSite = (options: SiteOptions): Promise<Site> => sites.open(() => makeSite(options));

async function makeSite(options: SiteOptions): Promise<Site> {
  const { queue, dice, unsafe = '', durable = false, env = {} } = options;
  const folder = await mkdtemp(join(tmpdir(), 'trawl-chaos-'));
  const settings = durable ? { ...options.settings } : NOT_DURABLE;
  const dataDir = join(folder, 'postgres');
  await copyCluster(dataDir);
  let server = await startEmbeddedPostgres({ dataDir, settings });
  const proxy = await startProxy(server.databaseUrl);
  const redis = queue === 'redis' ? await startRedis() : null;
  const port = await ownPort();
  const apiUrl = `http://127.0.0.1:${port}`;
  const witnessPath = join(folder, 'witness.jsonl');
  const modulePath = join(folder, 'trainer.mjs');
  const common = {
    ...env,
    DATABASE_URL: durable ? server.databaseUrl : proxy.url,
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
    ...(durable ? {} : { TRAWL_LEASE_SECONDS: String(LEASE_SECONDS) }),
    TRAWL_UNSAFE: unsafe,
  };
  const roles: Role[] = [];
  /** Of all processes of roles, those too that are not ready yet. */
  const begun = new Set<number>();
  const onStart = (pid: number): void => void begun.add(pid);
  let count = 0;
  let closing = false;
  /** As whoever looks after a role in production: one that cannot reach its servers in time ends, and is started again. */
  const started = async (start: () => Promise<Role>, tries = 3): Promise<Role> => {
    if (closing) throw new Error('interrupted');
    try {
      const role = await start();
      roles.push(role);
      return role;
    } catch (error) {
      if (tries === 1 || !/connection timeout|ETIMEDOUT/i.test(String(error))) throw error;
      return started(start, tries - 1);
    }
  };
  const living = (app: string): Role[] => roles.filter(({ name, alive }) => name.startsWith(app) && alive);

  // Kept open: it is asked many times a second, and a login costs more than an answer.
  const connect = (): Pool => {
    const pool = new Pool({ connectionString: server.databaseUrl, max: 3 });
    pool.on('error', () => {});
    return pool;
  };
  let pool = connect();
  const sql = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await pool.query(text, values)).rows;

  const site: Site = {
    queue,
    folder,
    dice,
    redis,
    queueUrl: redis?.url ?? common.DATABASE_URL,
    apiUrl,
    get databaseUrl() {
      return server.databaseUrl;
    },
    get postgresPid() {
      return server.pid;
    },
    get api() {
      const [api] = living('api');
      if (api === undefined) throw new Error('no api runs');
      return api;
    },
    get schedulers() {
      return living('scheduler');
    },
    get workers() {
      return living('worker');
    },
    postgres: {
      away: () => proxy.down(),
      back: () => proxy.up(),
      async restart() {
        await pool.end();
        await server.stop();
        server = await startEmbeddedPostgres({ dataDir, settings });
        pool = connect();
        proxy.target(server.databaseUrl);
      },
    },
    startApi: ({ within } = {}) =>
      started(() =>
        startRole('api', {
          onStart,
          name: `api-${count++}`,
          ready: 'Server listening',
          folder,
          env: { ...common, TRAWL_PORT: String(port), TRAWL_DATA_DIR: folder, TRAWL_DATA_ROOTS: folder },
          ...(within === undefined ? {} : { within }),
        }),
      ),
    startScheduler: () =>
      started(() =>
        startRole('scheduler', { onStart, name: `scheduler-${count++}`, ready: '"scheduling"', folder, env: common }),
      ),
    startWorker: (own = {}) =>
      started(() => {
        const name = `worker-${count++}`;
        return startRole('worker', {
          onStart,
          name,
          ready: 'worker ready',
          folder,
          env: {
            ...common,
            TRAWL_API_URL: apiUrl,
            TRAWL_DATA_DIR: join(folder, name),
            TRAWL_DATA_ROOTS: folder,
            TRAWL_CAPABILITY: 'cpu',
            TRAWL_SLOTS: '2',
            TRAWL_TRAINER_LOG: witnessPath,
            TRAWL_TRAINER_MODULE: modulePath,
            ...own,
          },
        });
      }),
    async teach(params, module = 'chaos/trainer.js') {
      const stub = JSON.stringify(`${ROOT}/test/dist/${module}`);
      const lines = [
        `import { stubAs } from ${stub};`,
        `export { equipment } from ${stub};`,
        `export const trainer = stubAs(${JSON.stringify(params)});`,
      ];
      await writeFile(modulePath, lines.join('\n'));
    },
    async submit(cells, execution = {}, seeds = [1, 2]) {
      const spec = {
        name: 'chaos',
        model: MODEL,
        dataset: { kind: 'behaviour', trials: 12, frames: 2, height: 16, width: 16, labels: 2 },
        params: { n_ae_latents: 4, architecture: 'small', max_n_epochs: 4, anneal_epochs: 1 },
        seeds,
        grid: { learning_rate: { linspace: [1e-4, 1e-2, cells] } },
        select: { rule: 'min', metric: 'val.loss' },
        execution: { maxFailures: 50, ...execution },
      };
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${apiUrl}/v1/sweeps`, { method: 'POST', headers, body: JSON.stringify(spec) });
      const text = await answer.text();
      if (answer.status !== 201) throw new Error(`POST /v1/sweeps answered ${answer.status}: ${text}`);
      return JSON.parse(text).id;
    },
    sql,
    async runs(sweepId) {
      const found = await sql(
        `select run.id, state::text, fence, failures, worker.pid as worker
         from run left join worker on worker.id = run.worker_id where sweep_id = $1 order by run.id`,
        [sweepId],
      );
      return found.map((row) => ({
        id: String(row['id']),
        state: String(row['state']),
        fence: Number(row['fence']),
        failures: Number(row['failures']),
        worker: row['worker'] === null ? null : Number(row['worker']),
      }));
    },
    witness: () => readWitness(witnessPath),
    async close() {
      closing = true;
      for (const pid of begun)
        if (!roles.some((role) => role.pid === pid) && isRunning(pid)) process.kill(pid, 'SIGTERM');
      // Workers first, so that they can hand back what they hold; whoever does not end in time is killed.
      for (const app of ['worker', 'scheduler', 'api']) {
        const ending = living(app);
        for (const role of ending) role.kill('SIGTERM');
        await until('the roles to end', () => ending.every(({ alive }) => !alive), 15_000).catch(() => {});
        for (const role of living(app)) role.kill('SIGKILL');
      }
      const pids = new Set([...begun, ...readWitness(witnessPath).map(({ pid }) => pid)]);
      const left = await survivors(pids, 15_000);
      for (const pid of left) process.kill(pid, 'SIGKILL');
      await proxy.down().catch(() => {});
      await redis?.stop();
      await pool.end();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
      return left;
    },
  };
  return site;
}
