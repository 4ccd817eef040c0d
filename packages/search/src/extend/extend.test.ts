import type { DatasetFacts, DatasetSpec, Fault, StagePlan } from '@trawl/spec';
import { describe, expect, it } from 'vitest';
import { checkSweep } from '../check/checkSweep.js';
import { countCells } from '../space/count.js';
import { fakeCatalog } from '../testing/fakeCard.js';
import { checkExtension, type Extension } from './checkExtension.js';
import { dependentsOf } from './dependents.js';

async function inspect(dataset: DatasetSpec): Promise<{ facts: DatasetFacts } | { faults: Fault[] }> {
  const sizes = { size: 0, trials: 6, frames: [8], height: 16, width: 16, channels: 1 };
  const hash = JSON.stringify(dataset);
  return { facts: { ...sizes, kind: dataset.kind, hash, labels: 2, labelMasks: false, frameMasks: false } };
}
const env = { catalog: fakeCatalog, inspect };
const good = { name: 'x', model: 'fake', dataset: { kind: 'behaviour' }, params: { latents: 6 } };

async function plansOf(spec: object): Promise<StagePlan[]> {
  const checked = await checkSweep(spec, env);
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
  return checked.plan.stages;
}

async function extendIn(spec: object, extension: Extension, { ordinal = 0, stages = [] as StagePlan[] } = {}) {
  const all = stages.length > 0 ? stages : await plansOf(spec);
  const usedSeeds = [...new Set(all.flatMap((stage) => stage.seeds))];
  return checkExtension({ spec, stages: all, stage: all[ordinal]!, extension, usedSeeds }, env);
}

const planAfter = async (...args: Parameters<typeof extendIn>): Promise<StagePlan> => {
  const checked = await extendIn(...args);
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
  return checked.plan;
};
const faultsOf = async (...args: Parameters<typeof extendIn>): Promise<Fault[]> => {
  const checked = await extendIn(...args);
  return checked.ok ? [] : checked.faults;
};

const grid = { ...good, seeds: [1, 2], grid: { alpha: [1, 2], beta: { range: [1, 3, 1] } } };

describe('an extension', () => {
  it('puts values behind those of an axis, in any form, and keeps everything else', async () => {
    const [before] = await plansOf(grid);
    const plan = await planAfter(grid, { values: { alpha: [5], beta: { linspace: [10, 20, 3] } }, seeds: [7] });
    expect(plan).toEqual({
      ...before,
      space: { ...before!.space, grid: { alpha: [1, 2, 5], beta: [1, 2, 3, 10, 15, 20] } },
      seeds: [1, 2, 7],
    });
    expect(countCells(plan.space)).toBe(18);
  });

  it('may follow another one', async () => {
    const first = await planAfter(grid, { values: { alpha: [5] } });
    const second = await planAfter(grid, { values: { alpha: [6] }, seeds: 2 }, { stages: [first] });
    expect(second.space.grid['alpha']).toEqual([1, 2, 5, 6]);
    expect(second.seeds).toEqual([1, 2, 3, 4]);
    expect(await faultsOf(grid, { values: { alpha: [6, 5] } }, { stages: [first] })).toMatchObject([
      { path: 'values.alpha.1', message: 'repeats value 2 of alpha', given: 5, allowed: 'values that all differ' },
    ]);
  });

  it('makes the axes of a zip longer together', async () => {
    const zip = { ...good, zip: { alpha: [1, 2], beta: [3, 4] } };
    expect((await planAfter(zip, { values: { alpha: [3], beta: [5] } })).space.zip).toEqual({
      alpha: [1, 2, 3],
      beta: [3, 4, 5],
    });
    expect(await faultsOf(zip, { values: { beta: [5] } })).toMatchObject([
      { path: 'values.beta', message: expect.stringMatching(/has 3 values and alpha has 2/) },
    ]);
  });

  it('knows the datasets of what it adds', async () => {
    const varied = { ...good, grid: { 'dataset.noise': [0.1, 0.2] } };
    const [before] = await plansOf(varied);
    const plan = await planAfter(varied, { values: { 'dataset.noise': [0.3] } });
    expect(Object.keys(plan.datasetHashes!)).toHaveLength(3);
    expect(plan.datasetHashes).toMatchObject(before!.datasetHashes!);
    expect(await faultsOf(varied, { values: { 'dataset.noise': [0.3, 7] } })).toMatchObject([
      { path: 'values.dataset.noise.1', given: 7 },
    ]);
  });

  it('says of a model with its own seed parameter that it takes no others', async () => {
    const own = { ...good, grid: { rng_seed: [1, 2], alpha: [1] } };
    expect((await planAfter(own, { values: { rng_seed: [3] } })).space.grid['rng_seed']).toEqual([1, 2, 3]);
    expect(await faultsOf(own, { seeds: [5] })).toMatchObject([{ path: 'spec.grid.rng_seed' }]);
  });

  it.each<[string, Extension, string, RegExp, RegExp]>([
    ['an unknown axis', { values: { gama: [1] } }, 'values.gama', /is no axis of the grid/, /alpha, beta/],
    ['a value that is not legal', { values: { alpha: [3, -4] } }, 'values.alpha.1', /./, /0 to 1000/],
    ['a value of a form', { values: { alpha: { linspace: [3, 1001, 2] } } }, 'values.alpha', /./, /1000/],
    ['a value it has', { values: { beta: [9, 2] } }, 'values.beta.1', /repeats value 1/, /all differ/],
    ['a seed it has', { seeds: [3, 1] }, 'seeds.1', /the seed 1 stands twice/, /all differ/],
    ['too many runs', { seeds: 60_000 }, 'seeds', /makes 360012 runs/, /100000/],
  ])('names %s in its own words', async (_what, extension, path, message, allowed) => {
    expect(await faultsOf(grid, extension)).toMatchObject([
      { path, message: expect.stringMatching(message), allowed: expect.stringMatching(allowed) },
    ]);
  });

  it('knows stages by their place', async () => {
    const staged = {
      ...good,
      stages: [
        { name: 'a', grid: { alpha: [1, 2] } },
        { name: 'b', grid: { beta: [1, 2] } },
        { name: 'refit', refit: { top: 1, seeds: 3 } },
      ],
    };
    expect((await planAfter(staged, { values: { beta: [3] } }, { ordinal: 1 })).space.grid).toEqual({
      beta: [1, 2, 3],
    });
    expect(await faultsOf(staged, { values: { beta: [-3] } }, { ordinal: 1 })).toMatchObject([
      { path: 'values.beta.0', given: -3 },
    ]);
    const refit = { ordinal: 2 };
    expect((await planAfter(staged, { seeds: 2 }, refit)).refit).toEqual({ top: 1, seeds: 5 });
    expect(await faultsOf(staged, { seeds: [9] }, refit)).toMatchObject([{ path: 'seeds', given: [9] }]);
    expect(await faultsOf(staged, { seeds: 998 }, refit)).toMatchObject([{ path: 'seeds', allowed: /997/ }]);
    expect(await faultsOf(staged, { values: { beta: [3] } }, refit)).toMatchObject([{ path: 'values' }]);
  });
});

describe('dependentsOf', () => {
  it('follows inheritance, refits and weights, not what is apart', async () => {
    const stages = await plansOf({
      ...good,
      stages: [
        { name: 'a', grid: { alpha: [1, 2] } },
        { name: 'apart', model: 'other', params: {}, grid: { gamma: [1, 2] } },
        { name: 'b', grid: { beta: [1, 2] } },
        { name: 'refit', refit: { top: 1, seeds: 3 } },
      ],
    });
    const names = (ordinal: number) => dependentsOf(stages, ordinal).map(({ name }) => name);
    expect(names(0)).toEqual(['b', 'refit']);
    expect(names(1)).toEqual([]);
    expect(names(2)).toEqual(['refit']);
    expect(names(3)).toEqual([]);
    const from = { stage: 'apart', artifact: 'weights', match: 'selected' as const };
    const tuned = stages.map((stage) => (stage.name === 'b' ? { ...stage, from } : stage));
    expect(dependentsOf(tuned, 1).map(({ name }) => name)).toEqual(['b', 'refit']);
  });
});
