import type { RunCounts, RunState } from '@trawl/spec';
import type { Page } from './types.js';

/** A worker as people tell it from others. */
export const workerName = (worker: { host: string; pid: number }): string => `${worker.host}:${worker.pid}`;

/** Cuts what was read with one item too many, which says whether there is another page. */
export function pageOf<T extends { id: string }>(items: T[], limit: number): Page<T> {
  const shown = items.slice(0, limit);
  return { items: shown, nextCursor: items.length > limit ? (shown.at(-1)?.id ?? null) : null };
}

export function countsOf(counted: readonly { state: RunState; n: number }[]): RunCounts {
  const counts: RunCounts = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
  for (const { state, n } of counted) counts[state] += n;
  return counts;
}
