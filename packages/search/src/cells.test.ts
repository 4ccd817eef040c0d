import { canonicalJson, DatasetSchema, sha256Hex } from '@trawl/spec';
import type { DatasetSpec, Params, Space, StagePlan } from '@trawl/spec';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellHash, datasetKey, expandStage, inheritsFrom, refitsOf } from './cells.js';
import { refitPlan } from './check/plan.js';
import { refitSeeds, stageSeeds } from './seeds.js';
import { countCells } from './space/count.js';
import { fakeCatalog } from './testing/fakeCard.js';
import { stagePlan } from './testing/stagePlan.js';

const expand = (stage: StagePlan, inherited: Params | null = null) => expandStage(stage, inherited, fakeCatalog);
const list = (values: fc.Arbitrary<number>) => fc.uniqueArray(values, { minLength: 1, maxLength: 5 });
const space = (part: Partial<Space>): Space => ({ grid: {}, zip: {}, cells: [], exclude: [], random: null, ...part });

/** Of the generator's data with that seed. */
const keyOf = (seed: number) => datasetKey(DatasetSchema.parse({ kind: 'behaviour', seed }));

describe('expandStage', () => {
  it('gives complete params, the varied keys alone as point, and one hash a cell', () => {
    const cells = expand(stagePlan({ space: space({ grid: { beta: [1, 5], alpha: [50] } }), params: { latents: 4 } }));
    expect(cells.map(({ point }) => point)).toEqual([
      { beta: 1, alpha: 50 },
      { beta: 5, alpha: 50 },
    ]);
    expect(cells[1]?.params).toMatchObject({
      latents: 4,
      alpha: 50,
      beta: 5,
      epochs: 50,
      net: { depth: 2, act: 'relu' },
    });
    expect(cells[0]?.hash).toBe(
      sha256Hex(canonicalJson({ model: 'fake', modelVersion: '1', params: cells[0]?.params })),
    );
    expect(new Set(cells.map(({ hash }) => hash)).size).toBe(2);
  });

  it('lays params over one another: sweep, selected, own, point', () => {
    const stage = stagePlan({
      params: { latents: 1, alpha: 1, beta: 1, epochs: 11 },
      ownParams: { beta: 3, epochs: 33 },
      space: space({ grid: { epochs: [44] } }),
    });
    expect(expand(stage, { latents: 2, alpha: 2, beta: 2, epochs: 22 })[0]?.params).toMatchObject({
      latents: 2,
      alpha: 2,
      beta: 3,
      epochs: 44,
    });
    expect(expand(stage)[0]?.params).toMatchObject({ latents: 1, alpha: 1, beta: 3, epochs: 44 });
  });

  it('gives the same hash when a default is written out, and another for another value or version', () => {
    const bare = expand(stagePlan({ params: { latents: 4 } }))[0];
    const written = expand(stagePlan({ params: { alpha: 100, latents: 4, net: { act: 'relu' } } }))[0];
    expect(written?.hash).toBe(bare?.hash);
    expect(expand(stagePlan({ params: { latents: 5 } }))[0]?.hash).not.toBe(bare?.hash);
    expect(expand(stagePlan({ params: { latents: 4 }, modelVersion: '2' }))[0]?.hash).not.toBe(bare?.hash);
  });

  it('follows paths into params and into the dataset', () => {
    const stage = stagePlan({
      params: { latents: 4 },
      space: space({ grid: { 'net.depth': [1, 3], 'dataset.seed': [7, 8] } }),
    });
    const cells = expand({ ...stage, datasetHashes: { [keyOf(7)]: 'seven', [keyOf(8)]: 'eight' } });
    expect(cells.map(({ datasetHash }) => datasetHash)).toEqual(['seven', 'eight', 'seven', 'eight']);
    expect(() => expand(stage)).toThrow('nobody looked at');
    expect(cells.map(({ params, dataset }) => [params['net'], dataset])).toMatchObject([
      [
        { depth: 1, act: 'relu' },
        { seed: 7, trials: 24 },
      ],
      [{ depth: 1, act: 'relu' }, { seed: 8 }],
      [{ depth: 3, act: 'relu' }, { seed: 7 }],
      [{ depth: 3, act: 'relu' }, { seed: 8 }],
    ]);
    // Cells of equal params on different data are different cells.
    expect(new Set(cells.map(({ hash }) => hash)).size).toBe(4);
  });

  it('refuses a refit and what was never checked', () => {
    const search = stagePlan({ params: { latents: 4 } });
    expect(() => expand(refitPlan(search, { top: 2, seeds: 3 }, 'again', 1))).toThrow('has no space');
    expect(() => expand(stagePlan({ model: 'nothing' }))).toThrow('no model');
    expect(() => expand(stagePlan({ params: {} }))).toThrow('latents');
  });

  it('has as many cells as counted, each with its own hash', () => {
    const axes = fc.record({
      alpha: list(fc.integer({ min: 0, max: 1000 })),
      beta: list(fc.integer({ min: 1, max: 9 })),
      epochs: list(fc.integer({ min: 1, max: 500 })),
    });
    fc.assert(
      fc.property(axes, (grid) => {
        const stage = stagePlan({ params: { latents: 4 }, space: space({ grid }) });
        const cells = expand(stage);
        expect(cells).toHaveLength(countCells(stage.space));
        expect(new Set(cells.map(({ hash }) => hash)).size).toBe(cells.length);
      }),
    );
  });
});

describe('cellHash', () => {
  it('does not depend on the order of keys', () => {
    const params = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.oneof(fc.integer(), fc.string(), fc.boolean()));
    fc.assert(
      fc.property(params, (given) => {
        const turned = Object.fromEntries(Object.entries(given).toReversed());
        expect(cellHash('m', '1', turned)).toBe(cellHash('m', '1', given));
      }),
    );
  });

  it('counts a dataset and uploaded weights only where they are handed in', () => {
    const dataset: DatasetSpec = { kind: 'hdf5', path: 'a' };
    const hashes = [{}, { dataset }, { weights: 'a' }, { weights: 'b' }].map((more) => cellHash('m', '1', {}, more));
    expect(new Set(hashes).size).toBe(4);
    expect(hashes[0]).toBe(cellHash('m', '1', {}));
  });
});

describe('what a stage starts from', () => {
  const stages = [
    stagePlan({ name: 'a', ordinal: 0 }),
    stagePlan({ name: 'b', ordinal: 1, model: 'other' }),
    refitPlan(stagePlan({ name: 'b', model: 'other' }), { top: 2, seeds: 3 }, 'again', 2),
    stagePlan({ name: 'c', ordinal: 3 }),
  ];

  it('is the nearest search before it, of the same model', () => {
    expect(inheritsFrom(stages, 0)).toBeNull();
    expect(inheritsFrom(stages, 1)).toBeNull();
    expect(inheritsFrom(stages, 3)?.name).toBe('a');
  });

  it('is for a refit the nearest search before it', () => {
    expect(refitsOf(stages, 2)?.name).toBe('b');
    expect(refitsOf(stages, 0)).toBeNull();
  });
});

describe('seeds', () => {
  it('of a refit are the smallest that the sweep has not used, from 1', () => {
    expect(refitSeeds([1, 2, 5], 4)).toEqual([3, 4, 6, 7]);
    expect(refitSeeds([], 2)).toEqual([1, 2]);
    expect(refitSeeds([0], 1)).toEqual([1]);
  });

  it('of a search are its own', () => {
    const search = stagePlan({ seeds: [4, 9] });
    expect(stageSeeds(search, [1, 2])).toEqual([4, 9]);
    expect(stageSeeds(refitPlan(search, { top: 1, seeds: 3 }, 'again', 1), [1, 2, 4, 9])).toEqual([3, 5, 6]);
  });

  it('of a refit are never used ones', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30)), fc.integer({ min: 1, max: 20 }), (used, n) => {
        const seeds = refitSeeds(used, n);
        expect(seeds).toHaveLength(n);
        expect(new Set([...seeds, ...used]).size).toBe(n + new Set(used).size);
      }),
    );
  });
});
