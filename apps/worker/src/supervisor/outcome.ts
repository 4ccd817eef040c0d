import { assertNever, type FromTrainer, type Summary } from '@trawl/spec';
import { classifyExit, type Exit, type Failure } from './classify.js';

/** What a trainer says last. */
export type Result = Extract<FromTrainer, { type: 'succeeded' | 'failed' | 'stopped' | 'unreadable' }>;

/** Why a trainer was asked to stop. (A cancelled or lost run is not asked: its trainer is killed.) */
export type StopReason = 'paused' | 'drained' | 'timeout';

/** Why the supervisor killed a trainer. */
export type KillReason =
  | { kind: 'stalled'; message: string }
  /** Asked to stop and did not in time. */
  | { kind: 'unstopped' }
  /** Gave its result and did not exit. */
  | { kind: 'lingering' }
  | { kind: 'failed'; failure: Failure };

export type Outcome =
  | { kind: 'succeeded'; summary: Summary }
  | { kind: 'failed'; failure: Failure }
  | { kind: 'released'; reason: 'paused' | 'drained' };

/** The trainer could not read its checkpoint: no end of the attempt. */
export interface Unreadable {
  kind: 'unreadable';
  message: string;
}

/** What became of a run, once its trainer is gone and its messages are handled. A result given stands, however the process ended. */
export function decideOutcome(seen: {
  result: Result | null;
  stop: StopReason | null;
  killed: KillReason | null;
  exit: Exit;
  output: string;
}): Outcome | Unreadable {
  const { result, stop, killed } = seen;
  if (killed?.kind === 'failed') return killed;
  if (result !== null) {
    switch (result.type) {
      case 'succeeded':
        return { kind: 'succeeded', summary: result.summary };
      case 'failed':
        return { kind: 'failed', failure: { failure: result.failure, message: result.message } };
      case 'stopped':
        return stop === null ? crashed('the trainer stopped without being asked') : stopped(stop);
      case 'unreadable':
        return stop === null ? { kind: 'unreadable', message: result.message } : stopped(stop);
      default:
        return assertNever(result);
    }
  }
  if (killed?.kind === 'stalled') return { kind: 'failed', failure: { failure: 'stalled', message: killed.message } };
  if (killed?.kind === 'unstopped' && stop !== null) return stopped(stop);
  return { kind: 'failed', failure: classifyExit(seen.exit, seen.output) };
}

export function stopped(reason: StopReason): Outcome {
  if (reason !== 'timeout') return { kind: 'released', reason };
  return { kind: 'failed', failure: { failure: 'timeout', message: 'the attempt took longer than timeoutMinutes' } };
}

function crashed(message: string): Outcome {
  return { kind: 'failed', failure: { failure: 'crashed', message } };
}
