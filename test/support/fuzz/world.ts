import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore } from '@trawl/store';
import { Client } from 'pg';
import { writeDataRoot } from '../dataRoot.js';
import { freshDatabase } from '../database.js';
import { smallSpec, stagedSpec } from '../specs.js';
import { claim, finishRuns, registerWorker, runsOf } from '../training.js';
import type { Pool } from './send.js';

const MAIN = fileURLToPath(new URL('../../../apps/api/dist/main.js', import.meta.url));
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

/** So little that garbage is collected all the time: what grows is held on to. */
const OLD_SPACE_MEGABYTES = 120;

/** What a process holds on to. */
export interface Holdings {
  files: number;
  megabytes: number;
  connections: number;
}

/** An api as a process of its own, with keys, on a database with sweeps in all states. */
export interface World {
  url: string;
  pool: Pool;
  /** What no answer may hold: keys, passwords, paths of the machine, and a file outside of every root. */
  secrets: string[];
  logged(): string;
  running(): boolean;
  holdings(): Promise<Holdings>;
  /** Brings the pool up to date with the database. */
  look(): Promise<void>;
  close(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const database = await freshDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'trawl-fuzz-'));
  const canary = `canary-${randomBytes(16).toString('hex')}`;
  for (const place of ['canary.txt', 'api/canary.txt', 'api/.trawl/canary.txt']) {
    await mkdir(join(folder, place, '..'), { recursive: true });
    await writeFile(join(folder, place), canary);
  }
  await mkdir(join(folder, 'api/data'));
  await writeDataRoot(join(folder, 'api/data'));

  const child = spawn(process.execPath, [`--max-old-space-size=${OLD_SPACE_MEGABYTES}`, MAIN], {
    cwd: join(folder, 'api'),
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: database.databaseUrl,
      TRAWL_PORT: '0',
      TRAWL_AUTH: 'on',
      TRAWL_RATE_LIMIT_PER_SECOND: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let logged = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (logged += String(chunk)));
  const [{ url }] = await once(child, 'message');

  const store = await openStore({ databaseUrl: database.databaseUrl, poolSize: 2 });
  const watcher = new Client({ connectionString: database.databaseUrl, application_name: 'fuzz' });
  await watcher.connect();
  const pool: Pool = new Map([['model', ['ps-vae']]]);
  for (const [name, scope, project] of [
    ['admin', 'admin', null],
    ['submit', 'submit', null],
    ['read', 'read', null],
    ['project', 'submit', 'mice'],
  ] as const) {
    const { token } = await store.keys.create({ name, scope, project, expiresAt: null });
    pool.set(`token:${name}`, [token]);
  }
  const spare = await store.keys.create({ name: 'spare', scope: 'read', project: null, expiresAt: null });
  pool.set('key', [spare.key.id]);
  await fill(url, store, pool);

  const column = async (sql: string): Promise<string[]> => (await watcher.query(sql)).rows.map(({ id }) => String(id));
  const look = async () => {
    pool.set('sweep', await column('select id from sweep order by id desc limit 40'));
    pool.set(
      'run',
      await column(
        'select id from (select id, row_number() over (partition by sweep_id, state order by id) n from run) r where n <= 2 limit 60',
      ),
    );
    pool.set('artifact', await column('select id from artifact limit 30'));
    pool.set('dataset', await column('select hash as id from dataset limit 10'));
  };
  await look();

  const tokens = [...pool].flatMap(([name, values]) => (name.startsWith('token:') ? values : []));
  return {
    url,
    pool,
    secrets: [
      canary,
      folder,
      REPOSITORY,
      'secret',
      ...tokens.map((token) => token.slice(-43)),
      passwordOf(database.databaseUrl),
    ].filter((each) => each !== ''),
    logged: () => logged,
    running: () => child.exitCode === null && child.signalCode === null,
    holdings: async () => ({
      ...(await holdingsOf(child)),
      connections: (
        await column(
          "select pid as id from pg_stat_activity where datname = current_database() and application_name like 'trawl%'",
        )
      ).length,
    }),
    look,
    async close() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      await watcher.end();
      await store.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const passwordOf = (databaseUrl: string): string => new URL(databaseUrl).password;

async function holdingsOf({ pid = 0 }: ChildProcess): Promise<Pick<Holdings, 'files' | 'megabytes'>> {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return { files: readdirSync(`/proc/${pid}/fd`).length, megabytes: (pages * 4096) / 1e6 };
}

/** A finished sweep with curves and files, one that runs, one that waits for review, one of a project. */
async function fill(url: string, store: Awaited<ReturnType<typeof openStore>>, pool: Pool): Promise<void> {
  const call = async (
    method: string,
    path: string,
    body: string,
    headers: Record<string, string> = {},
    who = 'admin',
  ) => {
    const authorization = `Bearer ${pool.get(`token:${who}`)?.[0]}`;
    const answer = await fetch(`${url}${path}`, {
      method,
      body,
      headers: { authorization, 'content-type': 'application/json', ...headers },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  const submit = async (spec: object, who?: string): Promise<string> =>
    (await call('POST', '/v1/sweeps', JSON.stringify(spec), {}, who)).id;
  const worker = await registerWorker(store);
  const finished = await submit({ ...smallSpec(), name: 'finished' });
  const [first] = await runsOf(store, finished);
  if (first === undefined) throw new Error('a sweep without runs');
  const { fence } = await claim(store, worker, first);
  const points = [0, 1, 2].map((step) => ({
    name: 'loss',
    split: 'val' as const,
    step,
    epoch: step,
    value: 1 / (step + 1),
  }));
  await store.metrics.ingest(first.id, fence, points);
  for (const [name, kind, body] of [
    ['a.txt', 'other', 'hello'],
    [
      'log.jsonl',
      'log',
      `${JSON.stringify({ time: '2026-01-01T00:00:00.000Z', fence, level: 'info', message: 'hi' })}\n`,
    ],
  ] as const) {
    const sha256 = createHash('sha256').update(body).digest('hex');
    await call('PUT', `/v1/runs/${first.id}/artifacts/${name}?fence=${fence}&kind=${kind}`, body, {
      'content-type': 'text/plain',
      'x-sha256': sha256,
    });
  }
  await store.runs.succeed(first.id, fence, { 'val.label_mse': 0.5, 'train.latent_correlation': 0.2 });
  await finishRuns(store, worker, { sweepId: finished, stage: 'search' }, (run) =>
    run.seed === 1 ? { 'val.label_mse': run.seed / 3, 'train.latent_correlation': 0.1 } : null,
  );
  await submit(smallSpec());
  await submit(stagedSpec());
  await submit({ ...smallSpec(), name: 'gate', gate: 'review' });
  await submit({
    ...smallSpec(),
    dataset: { kind: 'hdf5', path: 'mouse/data.hdf5' },
    select: { metric: 'val.label_mse' },
  });
  await submit(smallSpec(), 'project');
  await call('POST', '/v1/artifacts?name=w.bin&kind=other', 'weights', { 'content-type': 'application/octet-stream' });
}
