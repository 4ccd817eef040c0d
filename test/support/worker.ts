import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isRunning, until } from './processes.js';

const ENTRY = fileURLToPath(new URL('../../apps/worker/dist/main.js', import.meta.url));
const STUB = fileURLToPath(new URL('../dist/support/stub-trainer.js', import.meta.url));

/** A worker as a process of its own, built as in production, that trains the stub. */
export interface WorkerProcess {
  pid: number;
  /** Resolves when the process is gone. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
  /** Its log lines, parsed. */
  logged(): Record<string, unknown>[];
}

export async function startWorker(env: Record<string, string>): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [ENTRY], {
    env: { ...process.env, TRAWL_CAPABILITY: 'cpu', TRAWL_TRAINER_MODULE: STUB, TRAWL_LOG_LEVEL: 'debug', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<Awaited<WorkerProcess['exited']>>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const logged = (): Record<string, unknown>[] =>
    output.split('\n').flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line)] : []));
  await until(
    'a worker to be ready',
    () => {
      if (child.exitCode !== null) throw new Error(`the worker ended: ${output}`);
      return output.includes('worker ready');
    },
    // It starts a process that opens the backend first; machines that do much else take their time.
    120_000,
  );
  return { pid: child.pid ?? 0, exited, kill: (signal) => void child.kill(signal), logged };
}

/** One line of what trainers themselves wrote down. */
export interface Testimony {
  event: 'start' | 'epoch' | 'checkpoint' | 'end';
  runId: string;
  fence: number;
  seed: number;
  pid: number;
  epoch: number;
  step: number;
  how?: string;
}

export function readWitness(path: string): Testimony[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

/** Trainer processes that the witness knows of and that still run. */
export const runningTrainers = (path: string): number[] => [
  ...new Set(readWitness(path).flatMap(({ pid }) => (isRunning(pid) ? [pid] : []))),
];
