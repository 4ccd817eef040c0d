import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, realpath, stat, truncate } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { type Account, chooseAccount, reaching } from './account.js';
import { type Binaries, findBinaries } from './binaries.js';
import { clusterOf, ensureCluster, USER } from './cluster.js';
import { EmbeddedPostgresError } from './error.js';
import { readLock, requireFree } from './lock.js';
import { watch } from './watchdog.js';

export interface EmbeddedPostgres {
  /** Database `trawl`, with the password. */
  databaseUrl: string;
  /** Of the server. */
  pid: number;
  /** Settles when the server has ended, whoever ended it. */
  exited: Promise<void>;
  /** Ends all connections and shuts down. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Made where it is missing. The cluster goes into `cluster` below it, the server's log into `postgres.log`. */
  dataDir: string;
  /** More server settings, as `{ fsync: 'off' }` for tests. */
  settings?: Record<string, string> | undefined;
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  // A socket's path may have 107 characters, and the data folder may lie deeper than that.
  unix_socket_directories: '',
  max_connections: '200',
  // Parallel queries need /dev/shm, of which a container has 64 MB.
  max_parallel_workers_per_gather: '0',
  log_checkpoints: 'off',
  timezone: 'UTC',
};

/** Recovery after a crash included. */
const START_MS = 120_000;
const STOP_MS = 30_000;
const LOG_BYTES = 10_000_000;

/**
 * Runs Postgres in a folder, listening on 127.0.0.1 alone. It ends with this process.
 * Throws `EmbeddedPostgresError` with a remedy: in use, of another major version, not reachable as root, no binaries.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(options.dataDir);
  const cluster = clusterOf(dataDir);
  const account = reaching(await chooseAccount(cluster), [binaries.postgres, dataDir]);
  const password = await ensureCluster(dataDir, binaries, account);
  await requireFree(cluster);

  const { server, port } = await launch(dataDir, binaries, account, { ...SETTINGS, ...options.settings });
  const pid = server.pid ?? 0;
  const exited = server.exitCode === null && server.signalCode === null ? once(server, 'exit') : Promise.resolve();
  const url = `postgres://${USER}:${password}@127.0.0.1:${port}`;

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) {
      server.ref();
      // Fast shutdown; what does not go down so is made to (SIGQUIT, recovery at the next start).
      server.kill('SIGINT');
      const late = setTimeout(() => server.kill('SIGQUIT'), STOP_MS);
      await exited;
      clearTimeout(late);
    }
  };

  try {
    await createDatabase(url);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    databaseUrl: `${url}/trawl`,
    pid,
    exited: exited.then(() => undefined),
    stop: () => (stopping ??= stop()),
  };
}

/** The port is free when it is chosen; whoever takes it before Postgres does makes us choose another. */
async function launch(
  dataDir: string,
  binaries: Binaries,
  account: Account,
  settings: Record<string, string>,
): Promise<{ server: ChildProcess; port: number }> {
  const log = path.join(dataDir, 'postgres.log');
  const begun = Date.now();
  for (;;) {
    const port = await freePort();
    const from = await logStart(log);
    const server = await spawnServer(log, clusterOf(dataDir), binaries, account, { ...settings, port: String(port) });
    if (await isReady(server, clusterOf(dataDir))) return { server, port };
    server.kill('SIGQUIT');
    const said = (await readFile(log)).subarray(from).toString().trim();
    // The backends of a killed server take a moment to notice.
    const passing = /could not bind|still in use|could not create any TCP\/IP sockets/.test(said);
    if (!passing || Date.now() - begun > STOP_MS) {
      const lines = said.split('\n').slice(-20).join('\n');
      throw new EmbeddedPostgresError(`Postgres did not start in ${clusterOf(dataDir)}:\n${lines}`);
    }
    await sleep(250);
  }
}

async function spawnServer(
  log: string,
  cluster: string,
  binaries: Binaries,
  account: Account,
  settings: Record<string, string>,
): Promise<ChildProcess> {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { file, args, options } = account.command(binaries.postgres, ['-D', cluster, ...flags]);
  // A file, not a pipe: the server outlives us by the moment that its shutdown takes.
  const output = await open(log, 'a', 0o600);
  try {
    const server = spawn(file, args, {
      ...options,
      cwd: '/',
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    });
    await once(server, 'spawn');
    watch(server);
    server.unref();
    return server;
  } finally {
    await output.close();
  }
}

async function isReady(server: ChildProcess, cluster: string): Promise<boolean> {
  const deadline = Date.now() + START_MS;
  while (server.exitCode === null && server.signalCode === null && Date.now() < deadline) {
    const lock = await readLock(cluster);
    if (lock?.pid === server.pid && lock?.status === 'ready') return true;
    await sleep(20);
  }
  return false;
}

async function createDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: `${url}/postgres` });
  await client.connect();
  try {
    const found = await client.query("select from pg_database where datname = 'trawl'");
    if (found.rowCount === 0) await client.query('create database trawl');
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new EmbeddedPostgresError('no free port on 127.0.0.1');
  return address.port;
}

/** Where the log of this start begins; one that has grown long starts over. */
async function logStart(log: string): Promise<number> {
  const size = (await stat(log).catch(() => null))?.size ?? 0;
  if (size < LOG_BYTES) return size;
  await truncate(log);
  return 0;
}
