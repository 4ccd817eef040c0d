import type { FailureClass, RunState } from '@trawl/spec';
import type { StageResults } from '@trawl/store';
import { describe, expect, it } from 'vitest';
import { allMissing, missingReason } from './missing.js';

const results = (runs: [cell: string, seed: number, state: RunState, failure?: FailureClass][]): StageResults => ({
  cells: ['a', 'b', 'c', 'd', 'e'].map((cellId, i) => ({ cellId, point: { alpha: i, kind: 'x' }, params: {} })),
  runs: runs.map(([cellId, seed, state, failureClass = null]) => ({
    runId: `${cellId}${seed}`,
    cellId,
    seed,
    state,
    failureClass,
    failureMessage: failureClass === 'crashed' ? 'signal SIGSEGV' : null,
    summary: {},
  })),
  planned: {},
});

describe('missingReason', () => {
  it('is null when every run succeeded or diverged', () => {
    const all = results([
      ['a', 1, 'succeeded'],
      ['b', 1, 'failed', 'diverged'],
    ]);
    expect(missingReason(all)).toBeNull();
    expect(allMissing(all)).toBe(false);
  });

  it('names cells, seeds and what became of them', () => {
    const some = results([
      ['a', 1, 'succeeded'],
      ['a', 2, 'failed', 'crashed'],
      ['b', 1, 'cancelled'],
      ['b', 2, 'failed', 'timeout'],
    ]);
    expect(missingReason(some)).toBe(
      '2 of 5 cells miss runs: alpha=0 kind="x" (seed 2 crashed: signal SIGSEGV), ' +
        'alpha=1 kind="x" (seed 1 cancelled; seed 2 timeout)',
    );
    expect(allMissing(some)).toBe(false);
  });

  it('names three cells at most', () => {
    const many = results(['a', 'b', 'c', 'd', 'e'].map((cell) => [cell, 1, 'failed', 'lost']));
    expect(missingReason(many)).toMatch(/^5 of 5 cells miss runs: (alpha=\d kind="x" \(seed 1 lost\), ){3}and 2 more$/);
    expect(allMissing(many)).toBe(true);
  });
});
