import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isRunning, until } from '../support/processes.js';
import { PATIENCE_MS } from './patience.js';

/** A process of the service, started from what is built, as in production. */
export interface Role {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process is gone. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
  readonly alive: boolean;
  /** All that it wrote. */
  output(): string;
}

/** The repository's root, from source and from what is built of it. */
export const ROOT = fileURLToPath(import.meta.url).replace(/\/test\/.*$/, '');

/**
 * Resolves when its output says `ready`.
 * @param within a command that is given the role's own, as `['unshare', '-rm']`
 */
export async function startRole(
  app: 'api' | 'scheduler' | 'worker',
  options: {
    name: string;
    ready: string;
    env: Record<string, string>;
    folder: string;
    within?: string[];
    /** Told at once. */
    onStart?: (pid: number) => void;
  },
): Promise<Role> {
  const { name, ready, env, folder, within = [] } = options;
  const [file, ...args] = [...within, process.execPath, `${ROOT}/apps/${app}/dist/main.js`];
  const child = spawn(file ?? process.execPath, args, {
    cwd: folder,
    // Nothing of the caller's settings may reach a role.
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TRAWL_LOG_LEVEL: 'debug', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) {
    const [error] = await once(child, 'error');
    throw error;
  }
  options.onStart?.(pid);
  const log = createWriteStream(`${folder}/${name}.log`);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      log.write(chunk);
    });
  }
  const exited = new Promise<Awaited<Role['exited']>>((resolve) => {
    child.once('exit', (code, signal) => {
      log.end();
      resolve({ code, signal });
    });
  });
  await until(
    `${name} to be ready`,
    () => {
      if (!isRunning(pid)) throw new Error(`${name} ended: ${output.slice(-3_000)}`);
      return output.includes(ready);
    },
    PATIENCE_MS,
  ).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    name,
    pid,
    exited,
    kill: (signal) => void child.kill(signal),
    get alive() {
      return isRunning(pid);
    },
    output: () => output,
  };
}
