/** Times in seconds by a monotonic clock; null = has not happened, or no limit. */
export interface Watched {
  startedAt: number;
  /** The process has opened its backend. */
  ready: boolean;
  /** Last sign that training went on. */
  steppedAt: number;
  /** Must have stopped by then. */
  stopBy: number | null;
  resultAt: number | null;
  stallSeconds: number;
  timeoutSeconds: number | null;
}

/** A process that has given its result ends within milliseconds; what lingers holds a slot and GPU memory. */
const EXIT_SECONDS = 5;

/** A process may take so long to open its backend, however soon a run counts as stalled: a GPU, or a busy machine, takes a while. */
const START_SECONDS = 120;

export type Overdue = 'exit' | 'stop' | 'start' | 'stall' | 'timeout';

/** What has lasted too long, the most urgent first, or null. */
export function overdue(watched: Watched, now: number): Overdue | null {
  const { startedAt, ready, steppedAt, stopBy, resultAt, stallSeconds, timeoutSeconds } = watched;
  if (resultAt !== null) return now - resultAt > EXIT_SECONDS ? 'exit' : null;
  if (stopBy !== null) return now > stopBy ? 'stop' : null;
  if (!ready && now - startedAt > Math.max(START_SECONDS, stallSeconds)) return 'start';
  if (ready && now - steppedAt > stallSeconds) return 'stall';
  if (timeoutSeconds !== null && now - startedAt > timeoutSeconds) return 'timeout';
  return null;
}
