import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether a process runs (a zombie that nobody has waited for does not). */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^\d+ \(.*\) [ZX]/s.test(stat);
  } catch {
    return false;
  }
}

/** Of those given, the processes that still run after `ms`. */
export async function survivors(pids: Iterable<number>, ms: number): Promise<number[]> {
  const deadline = performance.now() + ms;
  let left = [...pids].filter(isRunning);
  while (left.length > 0 && performance.now() < deadline) {
    await sleep(50);
    left = left.filter(isRunning);
  }
  return left;
}

/** Waits until `look` gives something true. @throws Error with `what` after `ms` */
export async function until<T>(what: string, look: () => Promise<T> | T, ms = 30_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + ms;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(50);
  }
}
