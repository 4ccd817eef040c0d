/*
 * Run:   queued -> running -> succeeded | failed | cancelled
 *        running -> queued   when an attempt is lost, paused or drained, or failed with attempts left
 *        queued -> cancelled by the user
 *        failed -> queued    by retry
 * Stage: pending -> running -> selecting -> done | awaiting_review | failed; awaiting_review -> done
 * Sweep: running <-> paused; running -> awaiting_review -> running; -> succeeded | failed | cancelled;
 *        succeeded | failed -> running by refit, retry or extend
 */
export const RUN_STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type RunState = (typeof RUN_STATES)[number];

export const STAGE_STATES = [
  'pending',
  'running',
  'selecting',
  'awaiting_review',
  'done',
  'failed',
  'cancelled',
] as const;
export type StageState = (typeof STAGE_STATES)[number];

export const SWEEP_STATES = ['running', 'paused', 'awaiting_review', 'succeeded', 'failed', 'cancelled'] as const;
export type SweepState = (typeof SWEEP_STATES)[number];

export const FAILURE_CLASSES = [
  'diverged',
  'out_of_memory',
  'crashed',
  'lost',
  'stalled',
  'timeout',
  'invalid_data',
] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** Only these are tried again, until `failures` reaches `maxFailures`. */
const RETRIED: ReadonlySet<FailureClass> = new Set(['out_of_memory', 'crashed', 'lost', 'stalled']);
export const isRetried = (failure: FailureClass): boolean => RETRIED.has(failure);

export const isFinished = (state: RunState): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled';
export const isSweepFinished = (state: SweepState): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled';

/** Why an attempt ended. `succeeded` and `diverged` are results; the rest are not. */
export type AttemptEnd = 'succeeded' | FailureClass | 'paused' | 'drained' | 'cancelled';

/** What happened to a run, as its owner or the scheduler sees it. */
export type RunEvent =
  | { kind: 'claimed' }
  | { kind: 'succeeded' }
  | { kind: 'failed'; failure: FailureClass; failures: number; maxFailures: number }
  | { kind: 'released'; reason: 'paused' | 'drained' }
  | { kind: 'cancelled' }
  | { kind: 'retried' };

/**
 * The state a run goes to, or null when the event does not apply in its state.
 * `failures` counts this failure too.
 */
export function nextRunState(state: RunState, event: RunEvent): RunState | null {
  switch (event.kind) {
    case 'claimed':
      return state === 'queued' ? 'running' : null;
    case 'succeeded':
      return state === 'running' ? 'succeeded' : null;
    case 'failed':
      if (state !== 'running') return null;
      return isRetried(event.failure) && event.failures < event.maxFailures ? 'queued' : 'failed';
    case 'released':
      return state === 'running' ? 'queued' : null;
    case 'cancelled':
      return isFinished(state) ? null : 'cancelled';
    case 'retried':
      return state === 'failed' || state === 'cancelled' ? 'queued' : null;
    default:
      return assertNever(event);
  }
}

export function assertNever(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`);
}
