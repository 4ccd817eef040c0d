import type { Params, StagePlan } from '@trawl/spec';
import { describe, expect, it } from 'vitest';
import { bestOf } from './best.js';
import type { BestInput } from './best.js';
import { atGridEdge } from './gridEdge.js';
import { rankCells } from './rank.js';
import type { RankInput } from './rank.js';
import { rankInput, runOf } from './testing/runs.js';
import type { Outcome } from './testing/runs.js';
import { minRule, stagePlan } from './testing/stagePlan.js';

/** Welch's interval of refit less selection, from scipy. */
const OPTIMISM = [-0.0015539950318250312, 0.08155399503182505];

const space = (part: Partial<StagePlan['space']>): StagePlan['space'] => ({
  grid: {},
  zip: {},
  cells: [],
  exclude: [],
  random: null,
  ...part,
});

const summaries = (values: number[]) => values.map((value) => ({ 'val.r2': value, 'val.mse': 1 }));

const edge = (stages: StagePlan[], stage: StagePlan, params: Params, point: Params = params) =>
  atGridEdge(stages, stage, { point, params });

/** Three cells over beta, selected by mean val.mse; refits of seeds 4 on, by cell. */
function best(refits: Record<string, Exclude<Outcome, 'none'>[]>, part: Partial<BestInput & RankInput> = {}) {
  const stage = part.stage ?? stagePlan({ space: space({ grid: { beta: [1, 5, 10] } }) });
  const { metric, direction } = stage.select ?? minRule;
  const input = {
    ...rankInput([
      [{ beta: 1 }, [0.3, 0.32, 0.34]],
      [{ beta: 5 }, [0.1, 0.12, 0.14]],
      [{ beta: 10 }, [0.2, 0.22, 0.24]],
    ]),
    sweepId: 's',
    stages: [stage],
    stage,
    metric,
    direction,
    selected: { cellId: 'b', why: 'because' },
    refits: Object.entries(refits).flatMap(([cellId, values]) => values.map((value, i) => runOf(cellId, 4 + i, value))),
    ...part,
  };
  return bestOf({ ...input, ranked: rankCells(input) });
}

describe('bestOf', () => {
  it('before a refit says that nothing can be said of the difference', () => {
    expect(best({})).toMatchObject({
      sweepId: 's',
      stage: 'search',
      metric: 'val.mse',
      direction: 'min',
      cellId: 'b',
      point: { beta: 5 },
      params: { latents: 4, beta: 5 },
      why: 'because',
      selection: { n: 3, mean: expect.closeTo(0.12, 12), intervalMethod: 't' },
      refit: null,
      optimism: null,
      runnerUp: { cellId: 'c', refit: null, difference: null },
      distinguishable: null,
      distinguishableWhy: 'not refitted: the seeds that selected the cell cannot also judge it',
      atGridEdge: [],
    });
  });

  it('compares on common fresh seeds, and tells how much selection flattered', () => {
    const found = best({ b: [0.15, 0.17, 0.16], c: [0.2, 0.23, 0.22] });
    expect(found).toMatchObject({
      refit: { n: 3, mean: expect.closeTo(0.16, 12) },
      runnerUp: { cellId: 'c', point: { beta: 10 }, refit: { n: 3 }, difference: { n: 3, intervalMethod: 't' } },
      distinguishable: true,
      distinguishableWhy: expect.stringMatching(
        /^the 95 % interval \[-0\.0\d+, -0\.0\d+\] of the paired difference over 3 common refit seeds excludes 0: the selected cell is better$/,
      ),
    });
    expect(found.runnerUp?.difference?.mean).toBeCloseTo(-0.17 / 3, 12);
    // Refit 0.16 less selection 0.12; scipy's ttest_ind([.15, .17, .16], [.1, .12, .14], equal_var=False).
    expect(found.optimism).toEqual({
      n: 3,
      mean: expect.closeTo(0.04, 12),
      sd: null,
      median: null,
      interval: OPTIMISM.map((value): unknown => expect.closeTo(value, 10)),
      intervalMethod: 't',
    });
  });

  it('does not call apart what the seeds do not', () => {
    expect(best({ b: [0.15, 0.25, 0.2], c: [0.2, 0.2, 0.22] })).toMatchObject({
      distinguishable: false,
      distinguishableWhy: expect.stringMatching(/includes 0$/),
    });
  });

  it('says so when the runner-up turns out better', () => {
    expect(best({ b: [0.25, 0.26, 0.27], c: [0.2, 0.21, 0.22] })).toMatchObject({
      distinguishable: true,
      distinguishableWhy: expect.stringMatching(/excludes 0: the runner-up is better than the selected cell$/),
    });
  });

  it('knows which way is better', () => {
    const stage = stagePlan({ select: { ...minRule, rule: 'max', direction: 'max', metric: 'val.r2' } });
    const { card, cells, runs, planned } = rankInput([
      [{ beta: 1 }, summaries([0.9, 0.91, 0.92])],
      [{ beta: 2 }, summaries([0.8, 0.81, 0.82])],
    ]);
    const refits = [0.85, 0.86, 0.87].flatMap((value, i) => [
      runOf('a', 4 + i, { 'val.r2': value }),
      runOf('b', 4 + i, { 'val.r2': value - 0.1 - i / 1000 }),
    ]);
    const found = best(
      {},
      { stage, stages: [stage], card, cells, runs, planned, refits, selected: { cellId: 'a', why: '' } },
    );
    expect(found.optimism?.mean).toBeCloseTo(0.05, 12);
    expect(found.distinguishableWhy).toMatch(/the selected cell is better$/);
  });

  it('needs two common seeds, and a refitted runner-up', () => {
    expect(best({ b: [0.1, 0.2] })).toMatchObject({
      distinguishable: null,
      distinguishableWhy: 'the runner-up was not refitted',
    });
    expect(best({ b: [0.1], c: [0.2] })).toMatchObject({
      distinguishable: null,
      distinguishableWhy: '1 common refit seed: an interval needs 2',
    });
    expect(best({ b: [0.1, 'crashed'], c: ['crashed', 0.2] }).distinguishableWhy).toMatch(
      /^0 common refit seeds: an interval needs 2/,
    );
  });

  it('shows the refit runs that do not count', () => {
    const found = best({ b: [0.1, 'diverged', 0.12], c: [0.2, 0.2, 'crashed'] });
    expect(found.refit?.n).toBe(2);
    expect(found.distinguishableWhy).toMatch(
      /; refit runs that do not count: seed 5 of the selected cell \(diverged: loss is NaN\), seed 6 of the runner-up \(crashed\)$/,
    );
  });

  it('ignores refit runs of seeds that took part in the selection', () => {
    const { runs } = rankInput([
      [{ beta: 1 }, [9]],
      [{ beta: 5 }, [9]],
    ]);
    expect(best({}, { refits: runs }).refit).toBeNull();
  });

  it('prefers a runner-up that was refitted', () => {
    expect(best({ b: [0.1, 0.2], a: [0.3, 0.3] }).runnerUp?.cellId).toBe('a');
  });

  it('may be a cell that a person approved, with the best ranked other beside it', () => {
    expect(best({}, { selected: { cellId: 'a', why: 'approved' } })).toMatchObject({
      cellId: 'a',
      runnerUp: { cellId: 'b' },
      atGridEdge: ['beta'],
    });
  });

  it('has no runner-up where there is one cell', () => {
    const { cells, runs, planned } = rankInput([[{}, [1]]]);
    expect(best({}, { cells, runs, planned, selected: { cellId: 'a', why: '' } })).toMatchObject({
      runnerUp: null,
      distinguishable: null,
      distinguishableWhy: 'no other cell could have been selected',
    });
  });

  it('can be judged by another metric', () => {
    const found = best({}, { metric: 'val.r2', direction: 'max' });
    expect(found).toMatchObject({
      metric: 'val.r2',
      direction: 'max',
      selection: { n: 0, mean: null },
      runnerUp: null,
    });
  });

  it('refuses what was never selected', () => {
    expect(() => best({}, { selected: { cellId: 'z', why: '' } })).toThrow('has not selected z');
    expect(() => best({}, { stage: stagePlan({ select: null }) })).toThrow('has not selected');
  });
});

describe('atGridEdge', () => {
  const alpha = stagePlan({ name: 'alpha', ordinal: 0, space: space({ grid: { alpha: [50, 1000, 100] } }) });
  const beta = stagePlan({
    name: 'beta',
    ordinal: 1,
    space: space({ grid: { beta: [1, 5, 10], activation: ['relu', 'tanh'] } }),
  });

  it('names lowest and highest values, in whatever order they stand', () => {
    expect(edge([alpha], alpha, { alpha: 50 })).toEqual(['alpha']);
    expect(edge([alpha], alpha, { alpha: 1000 })).toEqual(['alpha']);
    expect(edge([alpha], alpha, { alpha: 100 })).toEqual([]);
  });

  it('looks at what was inherited too', () => {
    const point = { beta: 10, activation: 'relu' };
    expect(edge([alpha, beta], beta, { alpha: 1000, ...point }, point)).toEqual(['beta', 'alpha']);
    expect(edge([alpha, beta], beta, { alpha: 100, ...point }, point)).toEqual(['beta']);
  });

  it('leaves out what a nearer stage set, other models, and later stages', () => {
    const fixed = { ...beta, ownParams: { alpha: 1000 } };
    expect(edge([alpha, fixed], fixed, { alpha: 1000, beta: 5 }, { beta: 5 })).toEqual([]);
    const again = stagePlan({ ordinal: 1, space: space({ grid: { alpha: [900, 1000, 1100] } }) });
    expect(edge([alpha, again], again, { alpha: 1000 })).toEqual([]);
    expect(edge([{ ...alpha, model: 'other' }, beta], beta, { alpha: 1000, beta: 5 }, { beta: 5 })).toEqual([]);
    expect(edge([alpha, beta], alpha, { alpha: 100, beta: 1 }, { alpha: 100 })).toEqual([]);
  });

  it('takes zip and points for axes, draws and single values for none', () => {
    const stage = stagePlan({
      space: space({
        zip: { epochs: [20, 30] },
        cells: [{ ramp: 1 }, { ramp: 2 }],
        grid: { latents: [4], 'net.depth': [1, 2, 3], 'dataset.seed': [1, 2] },
        random: { n: 2, seed: 0, space: { beta: { int: [1, 2] } } },
      }),
    });
    const point = { epochs: 20, ramp: 2, latents: 4, 'net.depth': 1, 'dataset.seed': 2, beta: 1 };
    expect(edge([stage], stage, point)).toEqual(['net.depth', 'dataset.seed', 'epochs', 'ramp']);
  });
});
