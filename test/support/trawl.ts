import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './processes.js';

const MAIN = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));

/** The `trawl` command as a process of its own. */
export interface Trawl {
  child: ChildProcess;
  stdout: () => string;
  stderr: () => string;
  /** Exit code, or null where a signal ended it. */
  exited: Promise<number | null>;
}

export function trawl(args: readonly string[], env: Record<string, string> = {}): Trawl {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TRAWL_BACKEND: 'wasm', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null));
  return { child, stdout: () => stdout, stderr: () => stderr, exited };
}

/** What it printed; fails where it does not end well. */
export async function trawlSays(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { exited, stdout, stderr } = trawl(args, env);
  const code = await exited;
  if (code !== 0) throw new Error(`trawl ${args.join(' ')} ended with ${code}: ${stderr()}${stdout()}`);
  return stdout();
}

export interface Up extends Trawl {
  apiUrl: string;
  databaseUrl: string;
  /** Ctrl-C; resolves when all of it is down. */
  stop(): Promise<void>;
}

/** `trawl up` on a data directory, ready to be asked. */
export async function trawlUp(dataDir: string, env: Record<string, string> = {}): Promise<Up> {
  const started = trawl(['up', '--slots', '2'], { TRAWL_DATA_DIR: dataDir, TRAWL_PORT: '0', ...env });
  const file = join(dataDir, 'stack.json');
  let ended: number | null | undefined;
  void started.exited.then((code) => (ended = code));
  await until(
    'trawl up to be ready',
    () => {
      if (ended !== undefined) throw new Error(`trawl up ended with ${ended}: ${started.stderr()}`);
      return started.stderr().includes('ready at') && existsSync(file);
    },
    90_000,
  );
  const { apiUrl, databaseUrl } = JSON.parse(readFileSync(file, 'utf8'));
  return {
    ...started,
    apiUrl,
    databaseUrl,
    async stop() {
      started.child.kill('SIGINT');
      await started.exited;
    },
  };
}
