import { describe, expect, it } from 'vitest';
import { decideOutcome } from './outcome.js';

const nothing = { result: null, stop: null, killed: null, exit: { code: 0, signal: null }, output: '' };
const succeeded = { type: 'succeeded' as const, summary: { 'val.loss': 1 } };
const bySignal = { code: null, signal: 'SIGKILL' as const };

describe('what became of a run', () => {
  it('takes the result, however the process ended', () => {
    const outcome = { kind: 'succeeded', summary: { 'val.loss': 1 } };
    expect(decideOutcome({ ...nothing, result: succeeded })).toEqual(outcome);
    expect(decideOutcome({ ...nothing, result: succeeded, exit: bySignal, killed: { kind: 'lingering' } })).toEqual(
      outcome,
    );
    expect(decideOutcome({ ...nothing, result: succeeded, exit: { code: null, signal: 'SIGSEGV' } })).toEqual(outcome);
    expect(decideOutcome({ ...nothing, result: succeeded, stop: 'drained' })).toEqual(outcome);
  });

  it('but not one whose files could not be stored', () => {
    const failure = { failure: 'crashed' as const, message: 'no' };
    expect(decideOutcome({ ...nothing, result: succeeded, killed: { kind: 'failed', failure } })).toEqual({
      kind: 'failed',
      failure,
    });
  });

  it('releases what was asked to stop, whether it stopped or was killed for not stopping', () => {
    const stopped = { type: 'stopped' as const };
    expect(decideOutcome({ ...nothing, result: stopped, stop: 'paused' })).toEqual({
      kind: 'released',
      reason: 'paused',
    });
    expect(decideOutcome({ ...nothing, stop: 'drained', killed: { kind: 'unstopped' }, exit: bySignal })).toEqual({
      kind: 'released',
      reason: 'drained',
    });
    expect(decideOutcome({ ...nothing, result: stopped, stop: 'timeout' })).toMatchObject({
      failure: { failure: 'timeout' },
    });
  });

  it('fails the rest with a class', () => {
    const stalled = { kind: 'stalled' as const, message: 'no step' };
    expect(decideOutcome({ ...nothing, killed: stalled, exit: bySignal })).toMatchObject({
      failure: { failure: 'stalled' },
    });
    expect(decideOutcome(nothing)).toMatchObject({ failure: { failure: 'crashed' } });
    expect(decideOutcome({ ...nothing, exit: bySignal })).toMatchObject({ failure: { failure: 'out_of_memory' } });
    expect(decideOutcome({ ...nothing, result: { type: 'stopped' } })).toMatchObject({
      failure: { failure: 'crashed' },
    });
    const failed = { type: 'failed' as const, failure: 'diverged' as const, message: 'NaN' };
    expect(decideOutcome({ ...nothing, result: failed })).toMatchObject({
      failure: { failure: 'diverged', message: 'NaN' },
    });
  });

  it('is no end when the checkpoint was unreadable, unless a stop was asked for', () => {
    const result = { type: 'unreadable' as const, message: 'truncated' };
    expect(decideOutcome({ ...nothing, result })).toEqual({ kind: 'unreadable', message: 'truncated' });
    expect(decideOutcome({ ...nothing, result, stop: 'paused' })).toEqual({ kind: 'released', reason: 'paused' });
  });

  it('counts a crash while stopping as a crash', () => {
    expect(decideOutcome({ ...nothing, stop: 'paused', exit: { code: 1, signal: null } })).toMatchObject({
      failure: { failure: 'crashed' },
    });
  });
});
