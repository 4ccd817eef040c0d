import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/processes.js';
import { smallSpec } from '../support/specs.js';

/* Keys as an operator meets them: the roles and the command as processes. */

const entry = (app: string): string => fileURLToPath(new URL(`../../apps/${app}/dist/main.js`, import.meta.url));
const API = entry('api');
const CLI = entry('cli');
const WORKER = entry('worker');

let database: TestDatabase;
let folder: string;
let url: string;
let api: ChildProcess;
/** All that any process wrote, but for the one line that hands a key out. */
let said = '';
const tokens: string[] = [];

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start(file: string, args: string[], env: Record<string, string>, ipc = false): ChildProcess {
  return spawn(process.execPath, [file, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], TRAWL_LOG_LEVEL: 'trace', TRAWL_DATA_DIR: join(folder, 'data'), ...env },
    stdio: ipc ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
  });
}

function listenTo(child: ChildProcess): { stdout: () => string; stderr: () => string } {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
  return { stdout: () => stdout, stderr: () => stderr };
}

async function run(file: string, args: string[], env: Record<string, string>): Promise<Ended> {
  const child = start(file, args, env);
  const heard = listenTo(child);
  const [code] = await once(child, 'close');
  const ended = { code, stdout: heard.stdout(), stderr: heard.stderr() };
  const token = /^trawl_\S{76}$/m.exec(ended.stdout)?.[0];
  if (token === undefined) said += ended.stdout;
  else tokens.push(token);
  said += ended.stderr;
  return ended;
}

const trawl = (args: string[], env: Record<string, string> = {}) => run(CLI, args, env);
const makeKey = async (...args: string[]): Promise<string> => {
  const { stdout, stderr, code } = await trawl(['key', 'create', '--database', ...args], {
    DATABASE_URL: database.databaseUrl,
  });
  expect([code, stderr]).toEqual([0, expect.stringContaining('not shown again')]);
  return stdout.trim();
};

let apiLog: { stdout: () => string };
let admin: string;

beforeAll(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'trawl-access-'));
  api = start(API, [], { DATABASE_URL: database.databaseUrl, TRAWL_PORT: '0', TRAWL_AUTH: 'on', TRAWL_HOST: '' }, true);
  apiLog = listenTo(api);
  const [{ url: listening }] = await once(api, 'message');
  url = listening;
});
afterAll(async () => {
  api.kill('SIGTERM');
  await once(api, 'exit');
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const command = /`npm run -s trawl -- (key create --database --name admin --scope admin)`/;

it('the api says how the first key is made, and that makes one', async () => {
  const line = await until('the warning', () => command.exec(apiLog.stdout()));
  const args = String(line[1]).split(' ');
  const made = await trawl(args, { DATABASE_URL: database.databaseUrl });
  admin = made.stdout.trim();
  expect(admin).toMatch(/^trawl_[0-9a-f]{32}_[\w-]{43}$/);
});

const asAdmin = () => ({ TRAWL_API_URL: url, TRAWL_API_KEY: admin });
const workerEnv = () => ({
  DATABASE_URL: database.databaseUrl,
  TRAWL_API_URL: url,
  TRAWL_CAPABILITY: 'cpu',
  TRAWL_SLOTS: '1',
});

describe('the command', () => {
  it('shows the key that it is given, from a variable or a file', async () => {
    expect((await trawl(['ls'], asAdmin())).code).toBe(0);
    await writeFile(join(folder, 'key'), `${admin}\n`);
    expect((await trawl(['ls'], { TRAWL_API_URL: url, TRAWL_API_KEY: '', TRAWL_API_KEY_FILE: 'key' })).code).toBe(0);
  });

  it('says what is wrong without a key, and never shows one', async () => {
    const without = await trawl(['ls'], { TRAWL_API_URL: url });
    expect([without.code, without.stderr]).toEqual([1, expect.stringContaining('asks for a key')]);
    const half = await trawl(['ls'], { TRAWL_API_URL: url, TRAWL_API_KEY: admin.slice(0, -3) });
    expect([half.code, half.stderr]).toEqual([2, expect.stringContaining('TRAWL_API_KEY')]);
    const away = await trawl(['ls'], { TRAWL_API_URL: 'http://127.0.0.1:1', TRAWL_API_KEY: admin });
    expect(away.code).toBe(3);
  });

  it('makes, lists and revokes keys by the api too', async () => {
    const made = await trawl(['key', 'create', '--name', 'reader', '--scope', 'read', '--expires', '3'], asAdmin());
    const key = made.stdout.trim();
    expect((await trawl(['ls'], { ...asAdmin(), TRAWL_API_KEY: key })).code).toBe(0);
    const listed = JSON.parse((await trawl(['key', 'list', '--json'], asAdmin())).stdout);
    expect(listed.map((each: { name: string }) => each.name)).toEqual(['reader', 'admin']);
    const refused = await trawl(['key', 'list'], { ...asAdmin(), TRAWL_API_KEY: key });
    expect(refused.stderr).toContain('scope admin');
    expect((await trawl(['key', 'revoke', listed[0].id], asAdmin())).stdout).toContain('revoked reader');
    expect((await trawl(['ls'], { ...asAdmin(), TRAWL_API_KEY: key })).stderr).toContain('revoked');
    expect((await trawl(['key', 'list'], asAdmin())).stdout).toMatch(/reader .*revoked/);
  });

  it('refuses what is no key or scope', async () => {
    const bad = await trawl(['key', 'create', '--database', '--name', ' '], { DATABASE_URL: database.databaseUrl });
    expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('name')]);
    const scope = await trawl(['key', 'create', '--name', 'x', '--scope', 'root'], asAdmin());
    expect([scope.code, scope.stderr]).toEqual([2, expect.stringContaining('read, submit, admin')]);
    const unknown = await trawl(['key', 'revoke', '--database', 'x'], { DATABASE_URL: database.databaseUrl });
    expect(unknown.stderr).toContain('no key x');
  });
});

describe('a worker', () => {
  it('stops early where the api would not take its files, and says why', async () => {
    const without = await run(WORKER, [], workerEnv());
    expect([without.code, without.stdout + without.stderr]).toEqual([
      1,
      expect.stringContaining('asks for an API key'),
    ]);
    const read = await run(WORKER, [], {
      ...workerEnv(),
      TRAWL_API_KEY: await makeKey('--name', 'r', '--scope', 'read'),
    });
    expect(read.stdout + read.stderr).toContain('has scope read');
    const bound = await run(WORKER, [], {
      ...workerEnv(),
      TRAWL_API_KEY: await makeKey('--name', 'p', '--project', 'p'),
    });
    expect(bound.stdout + bound.stderr).toContain('is of one project');
  });

  it('starts with a key of scope submit', async () => {
    const worker = start(WORKER, [], { ...workerEnv(), TRAWL_API_KEY: await makeKey('--name', 'worker') });
    const heard = listenTo(worker);
    expect(await until('the worker to be ready', () => heard.stdout().includes('worker ready'))).toBe(true);
    worker.kill('SIGTERM');
    await once(worker, 'close');
    said += heard.stdout() + heard.stderr();
  });
});

it('no key was ever written to a log, not with errors either', async () => {
  const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' };
  await fetch(`${url}/v1/sweeps`, { method: 'POST', headers, body: JSON.stringify(smallSpec()) });
  await fetch(`${url}/v1/sweeps`, { method: 'POST', headers, body: '{' });
  await fetch(`${url}/v1/nothing`, { headers });
  await fetch(`${url}/v1/sweeps/%`, { headers });
  said += apiLog.stdout();
  expect(tokens.length).toBeGreaterThan(4);
  expect(said.length).toBeGreaterThan(5_000);
  for (const token of tokens) expect(said).not.toContain(token.slice(-43));
});
