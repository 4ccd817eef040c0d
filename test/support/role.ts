import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from './processes.js';

export type RoleName = 'api' | 'scheduler' | 'worker';

/** A role of the service as a process of its own, built as in production, that can be ended and started again. */
export interface Role {
  start(): Promise<void>;
  /** Resolves when the process is gone; its exit code, or null after a signal. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
  output(): string;
}

const READY: Record<RoleName, string> = { api: 'listening', scheduler: 'scheduling', worker: 'worker ready' };

/**
 * @param env all that the process sees, beside PATH
 * @param within a command that goes before it, and becomes it
 */
export function role(name: RoleName, env: Record<string, string>, within: readonly string[] = []): Role {
  const entry = fileURLToPath(new URL(`../../apps/${name}/dist/main.js`, import.meta.url));
  let child: ChildProcess | undefined;
  let output = '';
  return {
    async start() {
      output = '';
      const [command, ...args] = [...within, process.execPath, entry];
      const started = spawn(command, args, {
        env: { PATH: process.env['PATH'], ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = started;
      for (const stream of [started.stdout, started.stderr])
        stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await until(
        `the ${name} to be ready`,
        () => {
          if (started.exitCode !== null) throw new Error(`the ${name} ended: ${output}`);
          return output.toLowerCase().includes(READY[name]);
        },
        120_000,
      );
    },
    async stop(signal) {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
      return child.exitCode;
    },
    output: () => output,
  };
}
