import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@trawl/store';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

let folder: string;
let dataDir: string;
const running: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'trawl-embedded-'));
  await chmod(folder, 0o755);
  dataDir = path.join(folder, 'data');
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(where = dataDir): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir: where });
  running.push(server);
  return server;
}

async function startInChild(): Promise<{ child: ChildProcess; serverPid: number }> {
  const script = path.join(import.meta.dirname, '../support/postgresChild.mjs');
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [said] = await once(child.stdout, 'data');
  return { child, serverPid: Number(String(said)) };
}

async function ask(server: EmbeddedPostgres, sql: string): Promise<Record<string, unknown> | undefined> {
  const client = new Client({ connectionString: server.databaseUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows[0];
  } finally {
    await client.end();
  }
}

test('keeps its data over restarts, on a database that sorts the same everywhere', async () => {
  const first = await start();
  await ask(first, 'create table kept as select 42 as answer');
  const locale = await ask(
    first,
    'select datlocprovider, datlocale, pg_encoding_to_char(encoding) as encoding from pg_database where datname = current_database()',
  );
  expect(locale).toEqual({ datlocprovider: 'b', datlocale: 'C.UTF-8', encoding: 'UTF8' });
  await first.stop();
  await first.stop();
  await first.exited;
  expect(await ask(await start(), 'select answer from kept')).toEqual({ answer: 42 });
});

test('listens on 127.0.0.1 alone, and wants the password that only its owner can read', async () => {
  const server = await start();
  const url = new URL(server.databaseUrl);
  expect(url.hostname).toBe('127.0.0.1');
  expect(url.password.length).toBeGreaterThanOrEqual(32);
  const file = path.join(dataDir, 'cluster/trawl.password');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await readFile(file, 'utf8')).trim()).toBe(url.password);

  url.password = 'guessed';
  await expect(new Client({ connectionString: url.href }).connect()).rejects.toThrow(/password authentication failed/);

  const outside = Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === 'IPv4' && !each.internal);
  if (outside === undefined) return;
  const socket = connect({ host: outside.address, port: Number(url.port), timeout: 2_000 });
  const [error] = await once(socket, 'error');
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
});

test('a folder in use is refused with the pid that uses it', async () => {
  const server = await start();
  await expect(start()).rejects.toThrow(
    new RegExp(`cluster is in use by the Postgres of another trawl \\(pid ${server.pid}, port \\d+\\): stop that one`),
  );
});

test('the server goes down with a process that is killed, and the next start finds the folder free', async () => {
  const { child, serverPid } = await startInChild();
  child.kill('SIGKILL');
  const next = await start();
  expect(next.pid).not.toBe(serverPid);
  await ask(next, 'select 1');
});

test('a server that was killed itself is recovered', async () => {
  const { child, serverPid } = await startInChild();
  process.kill(serverPid, 'SIGKILL');
  child.kill('SIGKILL');
  expect(await ask(await start(), 'select 1 as one')).toEqual({ one: 1 });
});

test('a lock file whose pid belongs to another process by now is no obstacle', async () => {
  await (await start()).stop();
  await writeFile(path.join(dataDir, 'cluster/postmaster.pid'), `${process.pid}\n${dataDir}/cluster\n1\n5432\n`);
  expect(await ask(await start(), 'select 1 as one')).toEqual({ one: 1 });
});

test('a start that was killed while it made the cluster is made good', async () => {
  const where = path.join(folder, 'interrupted');
  const made = path.join(where, 'cluster.new-999999');
  await mkdir(made, { recursive: true });
  await writeFile(path.join(made, 'PG_VERSION'), '18');
  expect(await ask(await start(where), 'select 1 as one')).toEqual({ one: 1 });
  await expect(stat(made)).rejects.toThrow(/ENOENT/);
});

test('data of another major version is refused, with both named', async () => {
  const where = path.join(folder, 'older');
  await cp(dataDir, where, { recursive: true });
  await writeFile(path.join(where, 'cluster/PG_VERSION'), '17\n');
  await expect(start(where)).rejects.toThrow(
    /holds data of Postgres 17, and this trawl brings Postgres 18: back it up/,
  );
});

test('a cluster that somebody else made is left alone', async () => {
  const where = path.join(folder, 'foreign');
  await cp(dataDir, where, { recursive: true });
  await rm(path.join(where, 'cluster/trawl.password'));
  await expect(start(where)).rejects.toThrow(/was not made by trawl/);
});

test('what Postgres says of a failed start is in the error', async () => {
  const options = { dataDir, settings: { shared_buffers: 'nonsense' } };
  await expect(startEmbeddedPostgres(options)).rejects.toThrow(
    /did not start.*[^]*invalid value for parameter "shared_buffers"/,
  );
});

test.runIf(process.getuid?.() === 0)('root reaches a data folder that is closed to others', async () => {
  const closed = path.join(folder, 'closed');
  await mkdir(closed, { mode: 0o700 });
  expect(await ask(await start(path.join(closed, 'data')), 'select 1 as one')).toEqual({ one: 1 });
});

test.runIf(process.platform === 'linux')('ctrl-C of the terminal is not for the server', async () => {
  const server = await start();
  // The foreground group is ours; the server has one of its own.
  const [, state] = (await readFile(`/proc/${server.pid}/stat`, 'utf8')).split(') ');
  expect(Number(state?.split(' ')[2])).toBe(server.pid);
});
