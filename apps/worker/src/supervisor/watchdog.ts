/** Times in seconds by a monotonic clock; null = has not happened, or no limit. */
export interface Watched {
  startedAt: number;
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

export type Overdue = 'exit' | 'stop' | 'stall' | 'timeout';

/** What has lasted too long, the most urgent first, or null. */
export function overdue(watched: Watched, now: number): Overdue | null {
  const { startedAt, steppedAt, stopBy, resultAt, stallSeconds, timeoutSeconds } = watched;
  if (resultAt !== null) return now - resultAt > EXIT_SECONDS ? 'exit' : null;
  if (stopBy !== null) return now > stopBy ? 'stop' : null;
  if (now - steppedAt > stallSeconds) return 'stall';
  if (timeoutSeconds !== null && now - startedAt > timeoutSeconds) return 'timeout';
  return null;
}
