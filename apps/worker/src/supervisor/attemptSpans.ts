import type { FromTrainer } from '@trawl/spec';
import type { ClaimedRun } from '@trawl/store';
import type { Span, Tracing } from '@trawl/tracing';
import type { Outcome } from './outcome.js';

type TrainerSpan = Extract<FromTrainer, { type: 'span' }>;

/** The spans of an attempt: its phases one after the other, and below them what its trainer went through. */
export interface AttemptSpans {
  /** The phase before ends. The context of this one, null where nothing is recorded. */
  next(phase: 'claim' | 'prepare' | 'trainer' | 'finish', startedAt?: number): string | null;
  /** What a trainer says of itself, below the phase in which it was begun. */
  ofTrainer(said: TrainerSpan): void;
  /** @param outcome null: lost */
  end(outcome: Outcome | null): void;
}

const NO_SPANS: AttemptSpans = { next: () => null, ofTrainer: () => {}, end: () => {} };

/** @param parent of the way into the queue; null: the attempt is a part of no trace */
export function openAttemptSpans(
  tracing: Tracing,
  { runId, fence, sweepId, cell }: ClaimedRun,
  { parent, slot, claimSentAt }: { parent: string | null; slot: number; claimSentAt: number },
): AttemptSpans {
  if (!tracing.on || parent === null) return NO_SPANS;
  const attributes = {
    'trawl.sweep': sweepId,
    'trawl.run': runId,
    'trawl.fence': fence,
    'trawl.model': cell.model,
    'trawl.slot': slot,
  };
  // Of the monotonic clock.
  const startedAt = performance.timeOrigin + claimSentAt * 1000;
  const attempt = tracing.start('attempt', { parent, attributes, startedAt });
  let phase: Span | null = null;
  const next: AttemptSpans['next'] = (name, at) => {
    phase?.end();
    phase = tracing.start(name, { parent: attempt.traceparent, ...(at !== undefined && { startedAt: at }) });
    return phase.traceparent;
  };
  next('claim', startedAt);
  return {
    next,
    ofTrainer: ({ name, traceparent, startedAt: from, endedAt: at }) =>
      tracing.start(name, { parent: traceparent, startedAt: from }).end({ at }),
    end(outcome) {
      phase?.end();
      const failure = outcome?.kind === 'failed' ? outcome.failure : null;
      attempt.end({
        attributes: { 'trawl.end': failure?.failure ?? (outcome === null ? 'lost' : endOf(outcome)) },
        ...(outcome === null && { error: 'lost' }),
        ...(failure !== null && { error: `${failure.failure}: ${failure.message}` }),
      });
    },
  };
}

const endOf = (outcome: Outcome): string => (outcome.kind === 'released' ? outcome.reason : outcome.kind);
