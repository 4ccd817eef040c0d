import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { smallSpec } from '../support/specs.js';

const MAIN = fileURLToPath(new URL('../../apps/api/dist/main.js', import.meta.url));

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'trawl-api-process-'));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

interface Running {
  child: ChildProcess;
  output: () => string;
  exited: Promise<number | null>;
}

function start(env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [MAIN], {
    cwd: folder,
    env: { PATH: process.env['PATH'], DATABASE_URL: database.databaseUrl, TRAWL_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += String(chunk)));
  child.stderr?.on('data', (chunk) => (output += String(chunk)));
  return { child, output: () => output, exited: once(child, 'exit').then(([code]) => code) };
}

async function urlOf({ child, exited, output }: Running): Promise<string> {
  const heard = await Promise.race([once(child, 'message'), exited]);
  if (!Array.isArray(heard)) throw new Error(`the api ended with ${heard}: ${output()}`);
  expect(heard[0]).toMatchObject({ type: 'listening', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
  return heard[0].url;
}

describe('the api as a process', () => {
  it('says where it listens, is ready, and on SIGTERM closes with its event streams open', async () => {
    const api = start();
    const url = await urlOf(api);
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ database: 'ok', queue: 'ok' });
    const headers = { 'content-type': 'application/json' };
    const posted = await fetch(`${url}/v1/sweeps`, { method: 'POST', headers, body: JSON.stringify(smallSpec()) });
    const { id } = JSON.parse(await posted.text());
    const events = await fetch(`${url}/v1/sweeps/${id}/events`);
    api.child.kill('SIGTERM');
    expect(await api.exited).toBe(0);
    await events.text();
    expect(api.output()).toContain('"msg":"closing"');
  });

  it('answers what is no HTTP with a problem', async () => {
    const api = start();
    const { hostname, port } = new URL(await urlOf(api));
    const said = async (bytes: string): Promise<string> => {
      const socket = connect(Number(port), hostname);
      socket.end(bytes);
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      return text;
    };
    expect(await said('nonsense\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*malformed-request/,
    );
    const large = `GET / HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(40_000)}\r\n\r\n`;
    expect(await said(large)).toMatch(/^HTTP\/1\.1 431 [^]*headers-too-large/);
    api.child.kill('SIGTERM');
    expect(await api.exited).toBe(0);
  });

  it('closes when the one who started it dies', async () => {
    const api = start();
    await urlOf(api);
    api.child.disconnect();
    expect(await api.exited).toBe(0);
  });

  it.each([
    ['a variable is illegal', { TRAWL_PORT: 'eighty' }, /TRAWL_PORT/],
    ['no database answers', { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, /127\.0\.0\.1:1|ECONNREFUSED/],
    [
      'a data root cannot be made',
      { TRAWL_DATA_ROOTS: '/nowhere/at/all' },
      /data root \/nowhere\/at\/all.*TRAWL_DATA_ROOTS/,
    ],
  ])('stops early when %s, and says so', async (_, env, said) => {
    const api = start(env);
    expect(await api.exited).not.toBe(0);
    expect(api.output()).toMatch(said);
  });

  it('stops early on a database without migrations, with the remedy', async () => {
    const empty = await freshDatabase({ empty: true });
    const api = start({ DATABASE_URL: empty.databaseUrl });
    expect(await api.exited).not.toBe(0);
    expect(api.output()).toMatch(/migrat/i);
    await empty.drop();
  });
});
