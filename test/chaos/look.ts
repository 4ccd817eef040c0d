import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, until } from '../support/processes.js';
import { PATIENCE_MS } from './patience.js';
import type { Role } from './role.js';
import type { RunRow, Site } from './site.js';

/** Trainers in mid-run now, by their own word: process, run, step. */
export function training(site: Site): { pid: number; runId: string; step: number }[] {
  const now = new Map<number, { pid: number; runId: string; step: number }>();
  for (const { pid, runId, event, step } of site.witness()) {
    if (event === 'end') now.delete(pid);
    else now.set(pid, { pid, runId, step });
  }
  return [...now.values()].filter(({ pid, step }) => step > 0 && isRunning(pid));
}

/** Waits until so many trainers are in mid-run. */
export const midRun = (site: Site, trainers = 2): Promise<ReturnType<typeof training>> =>
  until(
    `${trainers} trainers in mid-run`,
    () => {
      const now = training(site);
      return now.length >= trainers ? now : null;
    },
    PATIENCE_MS,
  );

/** A worker that holds a run, chosen by the dice, and its runs. */
export async function busyWorker(site: Site, sweepId: string): Promise<{ worker: Role; runs: RunRow[] }> {
  await midRun(site);
  return until('a worker with a run', async () => {
    const runs = await site.runs(sweepId);
    const busy = site.workers.filter(({ pid }) => runs.some(({ worker }) => worker === pid));
    const worker = pick(site, busy);
    return worker === undefined ? null : { worker, runs: runs.filter((run) => run.worker === worker.pid) };
  });
}

export const pick = <T>(site: Site, from: readonly T[]): T | undefined => from[Math.floor(site.dice() * from.length)];

/** Somewhere between the two, by the dice. */
export const pause = (site: Site, fromMs: number, toMs: number): Promise<void> =>
  sleep(fromMs + site.dice() * (toMs - fromMs));

export async function ended({ name, exited }: Role, ms = PATIENCE_MS): Promise<{ code: number | null }> {
  const end = await Promise.race([exited, sleep(ms, null, { ref: false })]);
  if (end === null) throw new Error(`${name} did not end within ${ms} ms`);
  return end;
}
