import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '../problems.js';
import type { Services } from './services.js';

/** A probe gives up sooner than the one who asks it. */
const TIMEOUT_MS = 3_000;

/** @throws ProblemError 503 naming what does not answer. */
export async function ready({ store, queues }: Services): Promise<{ database: 'ok'; queue: 'ok' }> {
  const probes = { database: () => store.ping(), queue: () => Promise.all(queues.map((queue) => queue.depth())) };
  const failed = await Promise.all(
    Object.entries(probes).map(async ([name, probe]) => ((await answers(probe)) ? null : name)),
  );
  const names = failed.filter((name) => name !== null);
  if (names.length === 0) return { database: 'ok', queue: 'ok' };
  throw new ProblemError('unavailable', `No answer from: ${names.join(', ')}.`);
}

async function answers(probe: () => Promise<unknown>): Promise<boolean> {
  const clock = new AbortController();
  const timeout = sleep(TIMEOUT_MS, false, { signal: clock.signal }).catch(() => false);
  const answered = await Promise.race([
    probe().then(
      () => true,
      () => false,
    ),
    timeout,
  ]);
  clock.abort();
  return answered;
}
