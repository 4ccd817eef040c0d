import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { survivors } from '../support/processes.js';
import { trawl, trawlSays, trawlUp } from '../support/trawl.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-up-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Processes whose parent is this one. */
async function childrenOf(pid: number): Promise<number[]> {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

it.runIf(process.platform === 'linux')(
  'trawl up says that its Postgres died, and ends with all that it started',
  async () => {
    const up = await trawlUp(join(folder, 'dies'), { TRAWL_DATA_ROOTS: folder });
    const doctor = JSON.parse(await trawlSays(['doctor', '--json'], { TRAWL_DATA_DIR: join(folder, 'dies') }));
    expect(doctor).toMatchObject({
      service: { apiUrl: up.apiUrl, ready: true },
      disk: { folder: join(folder, 'dies') },
    });
    expect(doctor.disk.freeBytes).toBeGreaterThan(0);

    const children = await childrenOf(up.child.pid!);
    expect(children.length).toBeGreaterThanOrEqual(4);
    const [postmaster] = readFileSync(join(folder, 'dies/cluster/postmaster.pid'), 'utf8').split('\n');
    process.kill(Number(postmaster), 'SIGKILL');
    expect(await up.exited).toBe(1);
    expect(up.stderr()).toMatch(/^trawl: Postgres ended by itself; .*postgres\.log ends with:/m);
    expect(up.stderr()).toMatch(/start it again/);
    expect(await survivors(children, 5_000)).toEqual([]);

    const again = await trawlUp(join(folder, 'dies'), { TRAWL_DATA_ROOTS: folder });
    await again.stop();
    expect(await again.exited).toBe(0);
  },
);

it('trawl up ends where TRAWL_BACKEND cannot be had, and says what would help', async () => {
  const up = trawl(['up'], {
    TRAWL_DATA_DIR: join(folder, 'backend'),
    TRAWL_PORT: '0',
    TRAWL_BACKEND: 'tfjs-node-gpu',
    XDG_CACHE_HOME: join(folder, 'nothing'),
  });
  expect(await up.exited).toBe(1);
  expect(up.stderr()).toMatch(
    /^trawl: the worker cannot start: .*no native build is installed.*`trawl native install`/m,
  );
  expect(up.stderr()).not.toContain('starting it again');
});

it('exit codes tell a wrong command, a refusal and a service that is away apart', async () => {
  const env = { TRAWL_DATA_DIR: join(folder, 'none') };
  expect(await trawl(['ls'], env).exited).toBe(2);
  expect(await trawl(['frobnicate'], env).exited).toBe(2);
  expect(await trawl(['ls'], { ...env, TRAWL_API_URL: 'http://127.0.0.1:1' }).exited).toBe(3);
  const help = trawl(['help'], env);
  expect(await help.exited).toBe(0);
  expect(help.stdout()).toMatch(/Exit codes:[^]*\b2\b.*\n.*\b3\b/);
});

/** As `ls` and `key create`. */
async function commandsOf(group: string | null): Promise<string[]> {
  const help = await trawlSays(group === null ? ['help'] : ['help', group]);
  const section = /^Commands:\n((?: {2}.*\n)*)/m.exec(help)?.[1] ?? '';
  const names = [...section.matchAll(/^ {2}([a-z-]+)/gm)].flatMap(([, name = '']) => (name === 'help' ? [] : [name]));
  return group === null ? names : names.map((name) => `${group} ${name}`);
}

it('docs/operations.md names every command, and no other', async () => {
  const text = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const section = text.slice(text.indexOf('## Commands'), text.indexOf('| exit code |'));
  const named = [...section.matchAll(/^\| .*/gm)].flatMap(([line]) =>
    [...line.matchAll(/`([a-z -]+)`/g)].map(([, name = '']) => name),
  );
  const groups = new Set(named.flatMap((name) => (name.includes(' ') ? [name.split(' ')[0] ?? ''] : [])));
  const plain = (await commandsOf(null)).filter((name) => !groups.has(name));
  const grouped = await Promise.all([...groups].map((group) => commandsOf(group)));
  expect([...named].sort()).toEqual([...plain, ...grouped.flat()].sort());
});
