import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.js';

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

export interface TestRedis {
  url: string;
  /** Ends the server; what it held stays on disk. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** kill -9. */
  crash(): Promise<void>;
  flush(): void;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** A `redis-server` of this test's own, on a free port with a temporary folder and a password. */
export async function startRedis(options: { maxmemoryPolicy?: string } = {}): Promise<TestRedis> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'trawl-redis-'));
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    save: '',
    appendonly: 'yes',
    appendfsync: 'always',
    requirepass: 'secret',
    'maxmemory-policy': options.maxmemoryPolicy ?? 'noeviction',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  let server: ChildProcess;

  const up = async () => {
    server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let log = '';
    for await (const chunk of server.stdout!) {
      log += String(chunk);
      if (log.includes('Ready to accept connections')) break;
    }
    if (server.exitCode !== null) throw new Error(`redis-server ended: ${log}`);
  };
  const down = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGTERM');
    await once(server, 'exit');
  };
  await up();
  return {
    url: `redis://:secret@127.0.0.1:${port}`,
    down,
    up,
    async crash() {
      server.kill('SIGKILL');
      await once(server, 'exit');
    },
    flush() {
      const { status, stderr } = spawnSync('redis-cli', ['-p', String(port), '-a', 'secret', 'flushall']);
      if (status !== 0) throw new Error(`redis-cli: ${String(stderr)}`);
    },
    async stop() {
      await down();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
