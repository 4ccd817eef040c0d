import { DatasetSchema } from '@trawl/spec';
import type { Cell, Params, RankedCell, StagePlan, WireNumber } from '@trawl/spec';
import { describe, expect, it } from 'vitest';
import { parentRuns, type ParentStage } from './parents.js';

const plan: StagePlan = {
  name: 'savi',
  ordinal: 0,
  kind: 'search',
  model: 'savi',
  modelVersion: '1',
  dataset: { kind: 'hdf5', path: 'a.hdf5' },
  params: {},
  ownParams: {},
  space: { grid: {}, zip: {}, cells: [], exclude: [], random: null },
  seeds: [1],
  select: {
    rule: 'max',
    metric: 'val.ari',
    direction: 'max',
    aggregate: 'mean',
    allowPartial: false,
    where: [],
  },
  gate: 'auto',
  refit: null,
  from: null,
  execution: {
    maxParallel: null,
    priority: 0,
    weight: 1,
    maxFailures: 3,
    timeoutMinutes: null,
    stallMinutes: 30,
    gpuShare: 1,
  },
};

type Seed = [seed: number, state: 'succeeded' | 'failed', value: WireNumber | null];
const ranked = (cellId: string, point: Params, ...seeds: Seed[]): RankedCell => ({
  rank: 1,
  cellId,
  point,
  score: { n: 0, mean: null, sd: null, median: null, interval: null, intervalMethod: null },
  seeds: seeds.map(([seed, state, value]) => ({ seed, runId: `${cellId}-${seed}`, state, value, why: null })),
  planned: 0,
  finished: 0,
  failed: 0,
  ineligible: 0,
  why: null,
});
const stage = (cells: RankedCell[], selectedCellId: string | null = null): ParentStage => ({
  plan,
  ranked: cells,
  selectedCellId,
});
const cell = (hash: string, params: Params): Cell => ({
  hash,
  model: 'steve',
  modelVersion: '1',
  params,
  dataset: plan.dataset,
  point: params,
});

const on = (hash: string, seed: number, params: Params): Cell => ({
  ...cell(hash, params),
  dataset: DatasetSchema.parse({ kind: 'behaviour', seed }),
});

describe('parentRuns', () => {
  it('takes the best succeeded run of the selected cell for every cell', () => {
    const parent = stage(
      [
        ranked('x', { slots: 3 }, [1, 'succeeded', 0.99]),
        ranked(
          'y',
          { slots: 5 },
          [1, 'succeeded', 'NaN'],
          [2, 'failed', null],
          [3, 'succeeded', 0.7],
          [4, 'succeeded', 0.9],
        ),
      ],
      'y',
    );
    const parents = parentRuns('selected', parent, [cell('h1', {}), cell('h2', {})]);
    expect([...parents]).toEqual([
      ['h1', 'y-4'],
      ['h2', 'y-4'],
    ]);
  });

  it('takes the smaller seed among equals, and a run without a value rather than none', () => {
    const tie = stage([ranked('x', {}, [5, 'succeeded', 1], [2, 'succeeded', 1])], 'x');
    expect(parentRuns('selected', tie, [cell('h', {})]).get('h')).toBe('x-2');
    const bare = stage([ranked('x', {}, [5, 'failed', null], [2, 'succeeded', null])], 'x');
    expect(parentRuns('selected', bare, [cell('h', {})]).get('h')).toBe('x-2');
  });

  it('takes per cell the parent that agrees in all that both have', () => {
    const parent = stage([
      ranked('x', { slots: 3, savi_only: 1 }, [1, 'succeeded', 0.1]),
      ranked('y', { slots: 5, savi_only: 2 }, [1, 'succeeded', 0.2]),
    ]);
    const parents = parentRuns('cell', parent, [cell('h5', { slots: 5, lr: 1 }), cell('h3', { slots: 3, lr: 1 })]);
    expect(Object.fromEntries(parents)).toEqual({ h5: 'y-1', h3: 'x-1' });
  });

  it('compares along paths, into parameters and into the dataset', () => {
    const parent = stage([
      ranked('x', { 'dataset.seed': 1, 'net.width': 8 }, [1, 'succeeded', 0.1]),
      ranked('y', { 'dataset.seed': 2, 'net.width': 8 }, [1, 'succeeded', 0.2]),
      ranked('z', { 'dataset.seed': 2, 'net.width': 16 }, [1, 'succeeded', 0.3]),
    ]);
    const cells = [on('a', 2, { net: { width: 16 } }), on('b', 2, { net: { width: 8 } }), on('c', 1, { other: 1 })];
    expect(Object.fromEntries(parentRuns('cell', parent, cells))).toEqual({ a: 'z-1', b: 'y-1', c: 'x-1' });
    expect(() => parentRuns('cell', parent, [on('d', 3, {})])).toThrow('no cell that agrees');
  });

  it('says what is not there', () => {
    const none = stage([ranked('x', { slots: 3 }, [1, 'failed', null])], 'x');
    expect(() => parentRuns('selected', none, [cell('h', {})])).toThrow(
      'cell slots=3 of stage savi has no succeeded run to start from',
    );
    expect(() => parentRuns('selected', stage([]), [cell('h', {})])).toThrow('stage savi selected no cell');
    expect(() => parentRuns('cell', none, [cell('h', { slots: 7 })])).toThrow(
      'stage savi has no cell that agrees with slots=7',
    );
  });
});
