import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROLES = ['api', 'scheduler', 'worker'] as const;
export type Role = (typeof ROLES)[number];

/** The built entry point of a role. */
export const entryOf = (role: Role): string => fileURLToPath(new URL(`../../../${role}/dist/main.js`, import.meta.url));

export interface RoleProcess {
  role: Role;
  readonly pid: number | undefined;
  /** Resolves with the address once the role says that it listens (api only). */
  listening: Promise<string>;
  /** SIGTERM, then SIGKILL after `graceMs`. Resolves when the process is gone; it is not restarted. */
  stop(graceMs: number): Promise<void>;
}

export interface RoleOptions {
  role: Role;
  env: NodeJS.ProcessEnv;
  logFile: string;
  /** Told when the process ends by itself; it is started again after `restartMs`. */
  onExit: (message: string) => void;
  /** Told instead when the process ends because it is not set up right: it is not started again. */
  onCannotStart: (why: string) => void;
}

const FIRST_RESTART_MS = 500;
const LONGEST_RESTART_MS = 30_000;

/**
 * Starts a role as a child and keeps it running. The child gets a process group of its own: a Ctrl-C at the
 * terminal reaches only this process, which then stops the roles in the right order. The IPC channel tells the
 * child when this process dies.
 */
export function startRole({ role, env, logFile, onExit, onCannotStart }: RoleOptions): RoleProcess {
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;
  let restartMs = FIRST_RESTART_MS;
  const heard = new EventEmitter();
  const listening = once(heard, 'listening').then(([url]) => String(url));

  const start = (): void => {
    const log = openSync(logFile, 'a');
    const startedAt = performance.now();
    let cannotStart: string | undefined;
    child = spawn(process.execPath, [entryOf(role)], { env, detached: true, stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    child.on('message', (message: { type?: string; url?: string; why?: string }) => {
      if (message.type === 'cannotStart') cannotStart = message.why ?? '';
      if (message.type === 'listening' && message.url !== undefined) heard.emit('listening', message.url);
    });
    // Not 'exit': its last message may come after that.
    child.once('close', (code, signal) => {
      if (stopping) return;
      if (cannotStart !== undefined) return onCannotStart(cannotStart);
      if (performance.now() - startedAt > LONGEST_RESTART_MS) restartMs = FIRST_RESTART_MS;
      onExit(
        `${role} ended (${signal ?? `exit ${code}`}); starting it again in ${restartMs / 1000} s. ${lastLines(logFile, 3)}`,
      );
      timer = setTimeout(start, restartMs);
      restartMs = Math.min(restartMs * 2, LONGEST_RESTART_MS);
    });
  };
  start();

  return {
    role,
    get pid() {
      return child?.pid;
    },
    listening,
    async stop(graceMs) {
      stopping = true;
      clearTimeout(timer);
      const running = child;
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
      const gone = new Promise((resolve) => running.once('exit', resolve));
      running.kill('SIGTERM');
      const kill = setTimeout(() => running.kill('SIGKILL'), graceMs);
      await gone;
      clearTimeout(kill);
    },
  };
}

/** The end of a log file, for an error message. */
export function lastLines(path: string, n: number): string {
  if (!existsSync(path)) return '';
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-n).join('\n');
}
