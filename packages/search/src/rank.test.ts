import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeCells, rankCells, sortKeys, tieOrder } from './rank.js';
import { rankBy } from './rankBy.js';
import { idOf, rankInput } from './testing/runs.js';
import type { Outcome } from './testing/runs.js';

const order = (...args: Parameters<typeof rankInput>) =>
  rankCells(rankInput(...args)).map(({ cellId, rank, why }) => [cellId, rank, why]);

const collapse = (corr: number, active: number) => ({
  'train.corr': corr,
  'train.corr_active': corr / 2,
  'train.active': active,
});

const summary = (mse: number, r2: number) => ({ 'val.mse': mse, 'val.r2': r2 });

describe('rankCells', () => {
  it('puts the best mean over seeds first, and keeps the value of each seed', () => {
    const ranked = rankCells(
      rankInput([
        [{ beta: 1 }, [3, 5]],
        [{ beta: 2 }, [1, 2]],
      ]),
    );
    expect(ranked.map(({ cellId, rank }) => [cellId, rank])).toEqual([
      ['b', 1],
      ['a', 2],
    ]);
    expect(ranked[0]).toMatchObject({
      point: { beta: 2 },
      score: { n: 2, mean: 1.5, median: 1.5, intervalMethod: 't' },
      seeds: [
        { seed: 1, runId: 'b1', state: 'succeeded', value: 1, why: null },
        { seed: 2, runId: 'b2', state: 'succeeded', value: 2, why: null },
      ],
      planned: 2,
      finished: 2,
      failed: 0,
      ineligible: 0,
      why: null,
    });
  });

  it('goes by direction and by aggregate', () => {
    const rows = [
      [{ beta: 1 }, [0, 0, 9]],
      [{ beta: 2 }, [2, 2, 2]],
    ] as const;
    expect(order(rows).map(([id]) => id)).toEqual(['b', 'a']);
    expect(order(rows, { aggregate: 'median' }).map(([id]) => id)).toEqual(['a', 'b']);
    expect(order(rows, { direction: 'max' }).map(([id]) => id)).toEqual(['a', 'b']);
  });

  it('makes a cell ineligible by a seed that diverged or is not finite: it never wins', () => {
    expect(
      order([
        [{ beta: 1 }, [1, 'diverged']],
        [{ beta: 2 }, [Number.NaN, 1]],
        [{ beta: 3 }, [-Infinity, 1]],
        [{ beta: 4 }, [9, 9]],
      ]),
    ).toEqual([
      ['d', 1, null],
      ['a', null, 'not eligible: seed 2: diverged: loss is NaN'],
      ['b', null, 'not eligible: seed 1: val.mse is NaN'],
      ['c', null, 'not eligible: seed 1: val.mse is -Infinity'],
    ]);
    // Neither does it by leaving the bad seed out.
    expect(order([[{ beta: 1 }, [1, 'diverged']]], { allowPartial: true })[0]?.[1]).toBeNull();
    expect(rankCells(rankInput([[{ beta: 1 }, [1, 'diverged']]]))[0]).toMatchObject({
      finished: 2,
      failed: 0,
      ineligible: 1,
    });
    expect(rankCells(rankInput([[{ beta: 1 }, [Number.NaN]]]))[0]?.seeds[0]).toMatchObject({
      value: 'NaN',
      why: 'val.mse is NaN',
    });
  });

  it('makes a cell incomplete by a seed that failed, was cancelled or is not finished', () => {
    const rows = [
      [{ beta: 1 }, [1, 'crashed']],
      [{ beta: 2 }, [2, 'cancelled']],
      [{ beta: 3 }, [3, 'running']],
      [{ beta: 4 }, [4, 'none']],
      [{ beta: 5 }, ['queued', 'none']],
    ] as const;
    expect(order(rows)).toEqual([
      ['a', null, 'incomplete, 1 of 2 seeds count: seed 2: crashed'],
      ['b', null, 'incomplete, 1 of 2 seeds count: seed 2: cancelled'],
      ['c', null, 'incomplete, 1 of 2 seeds count: seed 2: running'],
      ['d', null, 'incomplete, 1 of 2 seeds count: 1 not started'],
      ['e', null, 'incomplete, 0 of 2 seeds count: seed 1: queued; 1 not started'],
    ]);
    expect(rankCells(rankInput(rows)).map(({ planned, finished, failed }) => [planned, finished, failed])).toEqual([
      [2, 2, 1],
      [2, 2, 1],
      [2, 1, 0],
      [2, 1, 0],
      [2, 0, 0],
    ]);
    expect(order(rows, { allowPartial: true }).map(([id, rank]) => [id, rank])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
      ['d', 4],
      ['e', null],
    ]);
  });

  it('asks the metric who may compete, and takes its value', () => {
    const rows = [
      [{ beta: 1 }, [collapse(0.01, 1)]],
      [{ beta: 2 }, [collapse(0.4, 3)]],
    ] as const;
    expect(order(rows, { metric: 'train.corr' })).toEqual([
      ['b', 1, null],
      ['a', null, 'not eligible: seed 1: 1 of 2 latents are active'],
    ]);
    const relaxed = rankCells(rankInput(rows, { metric: 'train.corr', minActive: 1 }));
    expect(relaxed.map(({ cellId, score }) => [cellId, score.mean])).toEqual([
      ['a', 0.005],
      ['b', 0.2],
    ]);
    expect(relaxed[0]?.seeds[0]?.value).toBe(0.005);
    expect(order([[{ beta: 1 }, [{ 'val.r2': 1 }]]])).toEqual([
      ['a', null, 'not eligible: seed 1: its summary has no val.mse'],
    ]);
  });

  it('keeps out what lies outside the bounds, by the same aggregate', () => {
    const rows = [
      [{ beta: 1 }, [summary(1, 0.2), summary(1, 0.6)]],
      [{ beta: 2 }, [summary(2, 0.8), summary(2, 0.6)]],
      [{ beta: 3 }, [summary(3, 0.99), summary(3, 0.99)]],
      [{ beta: 4 }, [{ 'val.mse': 4 }, summary(4, 0.8)]],
    ] as const;
    expect(order(rows, { where: [{ metric: 'val.r2', atLeast: 0.5, atMost: 0.9 }] })).toEqual([
      ['b', 1, null],
      ['a', null, 'outside select.where: val.r2 is 0.4, below 0.5'],
      ['c', null, 'outside select.where: val.r2 is 0.99, above 0.9'],
      ['d', null, 'outside select.where: seed 1: its summary has no val.r2'],
    ]);
  });

  it('breaks ties by the smaller point, then by the smaller params', () => {
    expect(
      order([
        [{ alpha: 10, beta: 1 }, [1]],
        [{ alpha: 9, beta: 2 }, [1]],
        [{ alpha: 9, beta: 1 }, [1]],
      ]).map(([id]) => id),
    ).toEqual(['c', 'b', 'a']);
    const input = rankInput([
      [{}, [1]],
      [{}, [1]],
    ]);
    const [first, second] = input.cells;
    const cells = [
      { ...first!, params: { latents: 4, layers: [9] } },
      { ...second!, params: { latents: 4, layers: [10] } },
    ];
    expect(rankCells({ ...input, cells }).map(({ cellId }) => cellId)).toEqual(['b', 'a']);
    expect(rankCells({ ...input, cells: cells.toReversed() }).map(({ cellId }) => cellId)).toEqual(['b', 'a']);
  });

  it('refuses a metric that runs do not have', () => {
    expect(() => rankCells(rankInput([], { metric: 'val.nothing' }))).toThrow('runs of fake have no val.nothing');
    expect(() => rankCells(rankInput([], { metric: 'train.weight' }))).toThrow('no train.weight');
  });

  const outcome: fc.Arbitrary<Outcome> = fc.oneof(
    fc.integer({ min: 0, max: 4 }),
    fc.constantFrom<Outcome>('diverged', 'crashed', 'cancelled', 'running', 'none', Number.NaN, 2.5),
  );
  const rows = fc.array(
    fc.tuple(fc.record({ alpha: fc.nat(3), beta: fc.nat(2) }), fc.array(outcome, { maxLength: 3 })),
    { maxLength: 8 },
  );

  it('is a permutation, ranks 1 to n first, never a worse cell above a better one', () => {
    fc.assert(
      fc.property(
        rows,
        fc.constantFrom('min' as const, 'max' as const),
        fc.boolean(),
        (given, direction, allowPartial) => {
          const ranked = rankCells(rankInput(given, { direction, allowPartial }));
          expect(ranked.map(({ cellId }) => cellId).sort()).toEqual(given.map((_, i) => idOf(i)));
          const ranks = ranked.flatMap(({ rank }) => (rank === null ? [] : [rank]));
          expect(ranks).toEqual(ranks.map((_, i) => i + 1));
          expect(ranked.slice(0, ranks.length).every(({ rank, why }) => rank !== null && why === null)).toBe(true);
          expect(ranked.slice(ranks.length).every(({ why }) => why !== null)).toBe(true);
          const scores = ranked.slice(0, ranks.length).map(({ score }) => Number(score.mean));
          const sign = direction === 'min' ? 1 : -1;
          expect(scores.every((score, i) => i === 0 || sign * (score - (scores[i - 1] ?? score)) >= 0)).toBe(true);
          for (const cell of ranked)
            expect(cell.finished).toBe(
              cell.seeds.filter(({ why }) => why === null).length + cell.failed + cell.ineligible,
            );
        },
      ),
    );
  });

  it('is the order of sort keys and of places among equals, cell by cell', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom('min' as const, 'max' as const), (given, direction) => {
        const input = rankInput(given, { direction });
        const keys = sortKeys(input);
        const places = tieOrder(input.cells);
        const kept = describeCells(input)
          .map((cell, i) => ({ cell, key: keys[i] ?? null, tie: keys[i] === null ? i : places[i]! }))
          .toSorted((a, b) =>
            a.key === null || b.key === null
              ? Number(a.key === null) - Number(b.key === null) || a.tie - b.tie
              : a.key - b.key || a.tie - b.tie,
          )
          .map(({ cell, key }, i) => ({ ...cell, rank: key === null ? null : i + 1 }));
        expect(kept).toEqual(rankCells(input));
      }),
    );
  });

  it('does not depend on the order in which runs and cells come', () => {
    fc.assert(
      fc.property(rows, (given) => {
        const input = rankInput(given);
        const turned = { ...input, runs: input.runs.toReversed(), cells: input.cells.toReversed() };
        const ranks = (of: typeof input) =>
          new Map(
            rankCells(of).map((cell) => [JSON.stringify(cell.point) + String(cell.score.mean), cell.rank === null]),
          );
        expect(ranks(turned)).toEqual(ranks(input));
      }),
    );
  });
});

describe('rankBy', () => {
  const rows = [
    [{ alpha: 1, beta: 1 }, [5]],
    [{ alpha: 1, beta: 2 }, [1]],
    [{ alpha: 2, beta: 1 }, [3]],
    [{ alpha: 2, beta: 2 }, ['crashed']],
    [{ alpha: 3, beta: 1 }, ['diverged']],
  ] as const;

  it('takes for each value its best cell, and of a value without any the first', () => {
    expect(rankBy(rankCells(rankInput(rows)), 'alpha').map(({ point, rank }) => [point, rank])).toEqual([
      [{ alpha: 1, beta: 2 }, 1],
      [{ alpha: 2, beta: 1 }, 2],
      [{ alpha: 3, beta: 1 }, null],
    ]);
    expect(rankBy(rankCells(rankInput(rows)), 'beta').map(({ cellId, rank }) => [cellId, rank])).toEqual([
      ['b', 1],
      ['c', 2],
    ]);
  });

  it('knows nothing of what is not varied', () => {
    expect(rankBy(rankCells(rankInput(rows)), 'gamma')).toEqual([]);
  });
});
