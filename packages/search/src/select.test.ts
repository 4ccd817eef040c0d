import type { Params, SelectRule } from '@trawl/spec';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rankCells } from './rank.js';
import { refitCells, selectCell } from './select.js';
import { rankInput } from './testing/runs.js';
import type { Outcome } from './testing/runs.js';
import { minRule } from './testing/stagePlan.js';

type Rows = readonly (readonly [Params, readonly Outcome[]])[];

function select(rows: Rows, part: Partial<SelectRule> = {}) {
  const rule: SelectRule = { ...minRule, ...part };
  const ranked = rankCells(rankInput(rows, { ...rule }));
  return selectCell(rule, ranked, Object.keys(rows[0]?.[0] ?? {}));
}

/** One seed a value of alpha. */
const along = (values: Record<number, Outcome>): Rows =>
  Object.entries(values).map(([alpha, value]) => [{ alpha: Number(alpha) }, [value]]);

describe('min and max', () => {
  it('take the cell ranked first and say how it compares', () => {
    expect(select(along({ 1: 0.3, 2: 0.12345, 3: 0.2, 4: 'diverged' }))).toEqual({
      cellId: 'b',
      why: 'lowest mean val.mse (0.1235) of 3 cells; 1 more cannot be selected',
    });
    expect(
      select(along({ 1: 0.3, 2: 0.9 }), { rule: 'max', direction: 'max', metric: 'val.r2', aggregate: 'median' }),
    ).toEqual({
      cellId: 'b',
      why: 'highest median val.r2 (0.9) of 2 cells',
    });
  });

  it('break a tie by the smaller point', () => {
    expect(
      select([
        [{ alpha: 2 }, [1]],
        [{ alpha: 1 }, [1]],
      ]).cellId,
    ).toBe('b');
  });
});

describe('a person is needed', () => {
  it('for the manual rule', () => {
    expect(select(along({ 1: 1 }), { rule: 'manual' })).toEqual({
      cellId: null,
      why: 'the rule is manual: a person names the cell',
    });
  });

  it('where cells are missing, unless allowPartial', () => {
    const rows = along({ 1: 1, 2: 'crashed', 3: 0.5 });
    expect(select(rows)).toEqual({
      cellId: null,
      why: '1 of 3 cells incomplete (alpha = 2: incomplete, 0 of 1 seeds count: seed 1: crashed); select.allowPartial is off',
    });
    expect(select(rows, { allowPartial: true }).cellId).toBe('c');
  });

  it('but not where a cell has given its result and cannot win', () => {
    expect(select(along({ 1: 1, 2: 'diverged', 3: Number.NaN })).cellId).toBe('a');
    // One seed of it crashed, the other diverged: running the crashed one again would change nothing.
    expect(
      select([
        [{ alpha: 1 }, [1, 1]],
        [{ alpha: 2 }, ['diverged', 'crashed']],
      ]).cellId,
    ).toBe('a');
  });

  it('where nothing can win', () => {
    expect(select(along({ 1: 'diverged', 2: 'diverged' }))).toEqual({
      cellId: null,
      why: 'no cell can be selected: not eligible: seed 1: diverged: loss is NaN',
    });
    expect(select([])).toEqual({ cellId: null, why: 'no cell can be selected: the stage has no cells' });
  });
});

describe('smallest-within and largest-within', () => {
  const within = { rule: 'smallest-within', parameter: 'alpha', tolerance: { factor: 1.1 } } as const;
  const rows = along({ 50: 0.12, 100: 0.11, 500: 0.1, 1000: 0.105 });

  it('take the smallest value that is good enough', () => {
    expect(select(rows, within)).toEqual({
      cellId: 'b',
      why: 'smallest alpha (100) whose mean val.mse (0.11) is within a factor of 1.1 of the best (0.1 at 500), the best cell of each value',
    });
    expect(select(rows, { ...within, rule: 'largest-within' }).cellId).toBe('d');
    expect(select(rows, { ...within, tolerance: { factor: 1 } }).cellId).toBe('c');
    expect(select(rows, { ...within, tolerance: { absolute: 0.02 } }).cellId).toBe('a');
  });

  it('measure from the size of the best, whatever its sign and direction', () => {
    // -100 x 1.1 would be better than the best.
    expect(select(along({ 1: -89, 2: -91, 3: -100 }), within).cellId).toBe('b');
    const max = { ...within, direction: 'max', metric: 'val.r2' } as const;
    expect(select(along({ 1: 0.88, 2: 0.91, 3: 1 }), max).cellId).toBe('b');
    expect(select(along({ 1: 0.3, 2: 0.33 }), { ...within, direction: 'min' }).cellId).toBe('a');
  });

  it('are not decided by rounding', () => {
    expect(select(along({ 1: 0.33, 2: 0.3 }), within).cellId).toBe('a');
    expect(select(along({ 1: 0.3, 2: 0.1 }), { ...within, tolerance: { absolute: 0.2 } }).cellId).toBe('a');
  });

  it('take the best over the other axes for each value', () => {
    const grid: Rows = [
      [{ alpha: 1, beta: 1 }, [9]],
      [{ alpha: 1, beta: 2 }, [1.05]],
      [{ alpha: 2, beta: 1 }, [1]],
      [{ alpha: 2, beta: 2 }, [7]],
    ];
    expect(select(grid, within).cellId).toBe('b');
  });

  it('pass over values none of whose cells can win', () => {
    expect(select(along({ 50: 'diverged', 100: 0.1, 500: 0.1 }), within).cellId).toBe('b');
  });

  it('choose a cell within the tolerance, and none smaller is', () => {
    const scores = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(scores, fc.integer({ min: 0, max: 5 }), (values, absolute) => {
        const best = Math.min(...values);
        const wanted = values.findIndex((value) => value <= best + absolute);
        const found = select(
          values.map((value, i) => [{ alpha: i + 1 }, [value]]),
          { ...within, tolerance: { absolute } },
        );
        expect(found.cellId).toBe(String.fromCharCode(97 + wanted));
      }),
    );
  });
});

describe('knee', () => {
  const knee = { rule: 'knee', parameter: 'alpha' } as const;

  it('is the value farthest beyond the chord, on the better side', () => {
    expect(select(along({ 1: 1, 2: 0.4, 3: 0.3, 4: 0.25, 5: 0.2 }), knee)).toEqual({
      cellId: 'b',
      why: 'knee of mean val.mse over alpha: 2 (0.4) lies farthest beyond the line from 1 to 5, the best cell of each value',
    });
    expect(
      select(along({ 1: 0.1, 2: 0.8, 3: 0.85, 4: 0.9 }), { ...knee, direction: 'max', metric: 'val.r2' }).cellId,
    ).toBe('b');
    // Good until it breaks down.
    expect(select(along({ 1: 0.1, 2: 0.11, 3: 0.12, 4: 0.9 }), knee).cellId).toBe('c');
  });

  it('takes values at equal distances, as a grid by factors means them', () => {
    expect(select(along({ 1: 8, 10: 4, 100: 1, 1000: 0.5, 10000: 0.4 }), knee).cellId).toBe('c');
  });

  it('does not exist on a line or on a curve that bends the other way', () => {
    expect(select(along({ 1: 3, 2: 2, 3: 1 }), knee)).toEqual({
      cellId: null,
      why: 'mean val.mse over alpha has no knee: it does not bend',
    });
    expect(select(along({ 1: 1, 2: 0.9, 3: 0.1 }), knee).cellId).toBeNull();
    expect(select(along({ 1: 1, 2: 1, 3: 1 }), knee).cellId).toBeNull();
  });

  it('needs three values that can win', () => {
    expect(select(along({ 1: 1, 2: 'diverged', 3: 1 }), knee)).toEqual({
      cellId: null,
      why: 'a knee needs 3 values of alpha; 2 can be selected',
    });
  });
});

describe('refitCells', () => {
  it('takes the selected cell, then the best others', () => {
    const ranked = rankCells(rankInput(along({ 1: 3, 2: 1, 3: 2, 4: 'diverged' })));
    expect(refitCells(ranked, 'b', 2)).toEqual(['b', 'c']);
    expect(refitCells(ranked, 'a', 2)).toEqual(['a', 'b']);
    expect(refitCells(ranked, 'a', 9)).toEqual(['a', 'b', 'c']);
    // A person may approve what has no rank.
    expect(refitCells(ranked, 'd', 2)).toEqual(['d', 'b']);
  });
});
