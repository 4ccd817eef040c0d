import { SweepSpecSchema } from '@trawl/spec';
import type { DatasetFacts, DatasetSpec } from '@trawl/spec';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandStage } from '../cells.js';
import { countCells } from '../space/count.js';
import { fakeCard, fakeCatalog } from '../testing/fakeCard.js';
import { checkSweep } from './checkSweep.js';
import type { CheckEnv } from './checkSweep.js';

const factsOf = (dataset: DatasetSpec): DatasetFacts => ({
  kind: dataset.kind,
  hash: JSON.stringify(dataset),
  size: 0,
  trials: 6,
  frames: [8],
  height: 16,
  width: 16,
  channels: 1,
  labels: 2,
  labelMasks: false,
  frameMasks: false,
});
const env: CheckEnv = { catalog: fakeCatalog, inspect: async (dataset) => ({ facts: factsOf(dataset) }) };
const good = { name: 'x', model: 'fake', dataset: { kind: 'behaviour' }, params: { latents: 6 } };

async function faultsOf(spec: unknown, using: CheckEnv = env): Promise<[path: string, message: string][]> {
  const checked = await checkSweep(spec, using);
  return checked.ok ? [] : checked.faults.map(({ path, message }) => [path, message]);
}

async function planOf(spec: unknown) {
  const checked = await checkSweep(spec, env);
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
  return checked;
}

describe('the plan', () => {
  it('of a search at the top level has one stage, with everything filled in', async () => {
    const { plan, datasets, variants } = await planOf({
      ...good,
      grid: { alpha: { linspace: [0, 1, 3] }, beta: [1, 2] },
    });
    expect(plan).toMatchObject({ name: 'x', project: 'default' });
    expect(plan.stages).toEqual([
      {
        name: 'search',
        ordinal: 0,
        kind: 'search',
        model: 'fake',
        modelVersion: '1',
        dataset: expect.objectContaining({ kind: 'behaviour', trials: 24 }),
        params: { latents: 6 },
        ownParams: {},
        space: { grid: { alpha: [0, 0.5, 1], beta: [1, 2] }, zip: {}, cells: [], exclude: [], random: null },
        seeds: [1],
        select: {
          rule: 'min',
          metric: 'train.corr',
          direction: 'min',
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
      },
    ]);
    expect(datasets).toHaveLength(1);
    expect(variants).toHaveLength(1);
  });

  it('of stages resolves what each overrides', async () => {
    const { plan, datasets } = await planOf({
      ...good,
      seeds: [3, 4],
      execution: { maxParallel: 2, priority: 5 },
      stages: [
        {
          name: 'a',
          params: { beta: 2 },
          grid: { alpha: [1, 2] },
          select: { metric: 'val.r2', rule: 'manual' },
          gate: 'review',
        },
        { name: 'b', model: 'other', params: { gamma: 3 }, seeds: [9], execution: { maxParallel: null, weight: 2 } },
        { name: 'c', from: { stage: 'a' }, dataset: { kind: 'behaviour', seed: 5 } },
        { name: 'r', refit: { top: 1 } },
      ],
    });
    expect(plan.stages).toMatchObject([
      {
        params: { latents: 6 },
        ownParams: { beta: 2 },
        seeds: [3, 4],
        gate: 'review',
        select: { rule: 'manual', direction: 'max' },
      },
      // Parameters of the sweep are those of its model.
      {
        model: 'other',
        modelVersion: '7',
        params: {},
        ownParams: { gamma: 3 },
        seeds: [9],
        execution: { maxParallel: null, priority: 5, weight: 2 },
      },
      { from: { stage: 'a', artifact: 'weights', match: 'selected' }, dataset: { seed: 5 } },
      {
        name: 'r',
        ordinal: 3,
        kind: 'refit',
        refit: { top: 1, seeds: 5 },
        seeds: [],
        select: null,
        model: 'fake',
        space: { grid: {} },
      },
    ]);
    expect(datasets.map(({ hash }) => JSON.parse(hash) as unknown)).toMatchObject([
      { seed: 0 },
      { seed: 0 },
      { seed: 5 },
      { seed: 5 },
    ]);
  });

  it('knows every dataset of an axis', async () => {
    const { variants, plan } = await planOf({ ...good, grid: { 'dataset.seed': [1, 2], alpha: [1, 2, 3] } });
    expect(variants.map(({ dataset }) => dataset)).toMatchObject([{ seed: 0 }, { seed: 1 }, { seed: 2 }]);
    const [stage] = plan.stages;
    const cells = expandStage(stage!, null, fakeCatalog);
    expect(cells).toHaveLength(6);
    expect(cells.every(({ dataset, datasetHash }) => datasetHash === factsOf(dataset).hash)).toBe(true);
  });

  it('ignores smoke', async () => {
    const smoke = { params: { nonsense: 1 }, dataset: { trials: 1 }, seeds: [99] };
    const { plan } = await planOf({ ...good, smoke });
    expect(plan).toEqual((await planOf(good)).plan);
  });

  it('takes a parameter from the stage that varies it', async () => {
    const { plan } = await planOf({
      ...good,
      params: {},
      stages: [
        { name: 'a', grid: { latents: [4, 6] } },
        { name: 'b', grid: { alpha: [1] } },
      ],
    });
    const [a, b] = plan.stages;
    const [first] = expandStage(a!, null, fakeCatalog);
    expect(expandStage(b!, first!.params, fakeCatalog)[0]?.params).toMatchObject({ latents: 4, alpha: 1 });
  });

  it('looks at each dataset once', async () => {
    const seen: string[] = [];
    const counting: CheckEnv = {
      ...env,
      inspect: async (dataset) => {
        seen.push(JSON.stringify(dataset));
        return { facts: factsOf(dataset) };
      },
    };
    const stages = [{ name: 'a', grid: { 'dataset.seed': [0, 1] } }, { name: 'b' }, { name: 'r', refit: {} }];
    expect(await checkSweep({ ...good, stages }, counting)).toMatchObject({ ok: true });
    expect(seen).toHaveLength(2);
  });
});

describe('one answer', () => {
  it('lists what is wrong everywhere, in structure, in names, in values and in combinations', async () => {
    const spec = {
      name: '',
      sedes: [1],
      model: 'fake',
      dataset: { kind: 'behaviour', trials: 0 },
      params: { latents: 6, alhpa: 1, ramp: 60 },
      stages: [
        {
          name: 'a',
          grid: { alpha: { linspce: [0, 1, 2] }, beta: [1, 'x'] },
          select: { rule: 'smalest', metric: 'val.mes' },
        },
        { name: 'a', grid: { epochs: [70, 40] }, select: { rule: 'min', tolerance: { factor: 1.1 } } },
        { name: 'r', refit: { top: 0 }, seeds: [1] },
      ],
    };
    expect((await faultsOf(spec)).map(([path]) => path).sort()).toEqual(
      [
        'name',
        'sedes',
        'dataset.trials',
        'params.alhpa',
        'params.ramp',
        'stages.0.grid.alpha.linspce',
        'stages.0.grid.beta.1',
        'stages.0.select.rule',
        'stages.0.select.metric',
        'stages.1.name',
        'stages.1.grid.epochs.1',
        'stages.1.select.tolerance',
        'stages.2.refit.top',
        'stages.2.seeds',
      ].sort(),
    );
  });

  it('says nothing of what only follows from something else', async () => {
    // The value that is wrong is not replaced by its default to judge others by.
    expect(await faultsOf({ ...good, params: { latents: 6, ramp: 60, epochs: 'many' } })).toEqual([
      ['params.epochs', 'is a text, not a number'],
    ]);
    // An axis that cannot be read may well give what seems to be missing.
    expect(await faultsOf({ ...good, params: {}, grid: { latents: { linspace: [4] } } })).toEqual([
      ['grid.latents.linspace', 'has too few values'],
    ]);
    const walk = { rule: 'knee', parameter: 'alpha', metric: 'val.mse' };
    expect(await faultsOf({ ...good, grid: { alpha: 3 }, select: walk })).toEqual([
      ['grid.alpha', 'is a number, not one of the legal forms'],
    ]);
    // A later stage inherits what is wrong once only.
    const stages = [{ name: 'a', grid: { ramp: [60, 70] } }, { name: 'b', grid: { alpha: [1, 2] } }, { name: 'c' }];
    expect((await faultsOf({ ...good, stages })).map(([path]) => path)).toEqual([
      'stages.0.grid.ramp.0',
      'stages.0.grid.ramp.1',
    ]);
  });

  it('judges a later stage by the first cell of the one that selects', async () => {
    const stages = [
      { name: 'a', grid: { ramp: [20, 5] } },
      { name: 'b', grid: { epochs: [10, 100] } },
    ];
    expect(await faultsOf({ ...good, stages })).toEqual([
      ['stages.1.grid.epochs.0', 'with ramp = 20: the ramp does not end before training does'],
    ]);
  });

  it('does not repeat what stages share', async () => {
    const stages = [{ name: 'a' }, { name: 'b', grid: { alpha: [1, 2] } }, { name: 'c', grid: { beta: [1, 2] } }];
    expect(await faultsOf({ ...good, params: { latents: 6, ramp: 60 }, stages })).toEqual([
      ['params.ramp', 'the ramp does not end before training does'],
    ]);
  });

  it('of a default metric that contains what is varied asks for another', async () => {
    const card = { ...fakeCard, defaultSelection: { metric: 'val.loss', direction: 'min' } } as const;
    const faults = await faultsOf({ ...good, grid: { alpha: [1, 2] } }, { ...env, catalog: new Map([['fake', card]]) });
    expect(faults).toEqual([
      [
        'select.metric',
        expect.stringMatching(/^is missing, and the model's default will not do: val.loss contains alpha/),
      ],
    ]);
  });

  it('is not endless', async () => {
    const grid = { alpha: Array.from({ length: 5_000 }, (_, i) => -1 - i) };
    expect(await faultsOf({ ...good, grid })).toHaveLength(1_000);
  });

  // A checker that expanded the space would run out of memory, or into the timeout.
  it('needs no expansion of spaces of any size', async () => {
    const axis = { linspace: [1, 2, 10_000] };
    const grid = { alpha: axis, beta: axis, 'dataset.noise': { linspace: [0, 0.5, 30] } };
    expect(await faultsOf({ ...good, grid, exclude: [{ alpha: 1, beta: 1 }] })).toEqual([
      ['grid', expect.stringMatching(/^makes \d+ runs$/)],
    ]);
  });
});

const some = (...values: unknown[]) => fc.subarray(values, { minLength: 1 });

const staged = (stage: fc.Arbitrary<object>) =>
  fc.oneof(
    stage.map((one) => ({ ...good, ...one, params: good.params })),
    fc
      .array(stage, { maxLength: 3 })
      .map((list) => ({ ...good, stages: list.map((one, i) => ({ name: `s${i}`, ...one })) })),
  );

describe('any spec', () => {
  const value = fc.oneof(fc.integer({ min: -2, max: 120 }), fc.constantFrom('relu', null, true, [1], {}), fc.double());
  const axis = fc.oneof(fc.array(value, { maxLength: 3 }), fc.constant({ linspace: [1, 2, 3] }), value);
  const name = fc.constantFrom('alpha', 'beta', 'epochs', 'ramp', 'latents', 'net.depth', 'dataset.seed', 'alhpa');
  const anyStage = fc.record(
    {
      name: fc.constantFrom('a', 'b', ''),
      params: fc.dictionary(name, value, { maxKeys: 3 }),
      grid: fc.oneof(fc.dictionary(name, axis, { maxKeys: 3 }), value),
      zip: fc.dictionary(name, axis, { maxKeys: 2 }),
      cells: fc.array(fc.dictionary(name, value, { maxKeys: 2 }), { maxLength: 3 }),
      exclude: fc.array(fc.dictionary(name, value, { maxKeys: 2 }), { maxLength: 2 }),
      random: fc.record({
        n: fc.nat(5),
        space: fc.dictionary(name, fc.constantFrom({ int: [1, 3] }, {}), { maxKeys: 2 }),
      }),
      select: fc.record(
        { rule: fc.constantFrom('min', 'max', 'knee', 'x'), metric: fc.constantFrom('val.mse', 'x'), parameter: name },
        { requiredKeys: [] },
      ),
      refit: fc.record({ top: fc.nat(3) }),
      seeds: fc.array(fc.integer({ min: -1, max: 3 }), { maxLength: 3 }),
    },
    { requiredKeys: [] },
  );
  const rightStage = fc.record(
    {
      params: fc.record({ beta: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] }),
      grid: fc.record(
        { alpha: some(1, 2, 3), 'net.depth': some(1, 2), 'dataset.seed': some(0, 4) },
        { requiredKeys: ['alpha'] },
      ),
      zip: fc.constantFrom({ epochs: [20, 30, 40], ramp: [1, 2, 15] }, { activation: ['tanh', 'relu'] }),
      cells: fc.constantFrom(
        [
          { beta: 2, latents: 5 },
          { latents: 6, beta: 1 },
        ],
        [{ beta: 3 }],
      ),
      exclude: fc.constantFrom([{ alpha: 1 }], [{ alpha: 2, epochs: 20 }], [{ beta: 1 }]),
      random: fc.record({
        n: fc.integer({ min: 1, max: 4 }),
        space: fc.constantFrom({ layers: { choice: [[1], [2], [3], [4]] } }, { rng_seed: { int: [0, 9] } }),
      }),
      select: fc.constantFrom(
        { rule: 'min' },
        { rule: 'smallest-within', parameter: 'alpha', metric: 'val.mse', tolerance: { absolute: 1 } },
      ),
      seeds: fc.constantFrom([1], [0, 7]),
    },
    { requiredKeys: [] },
  );
  it('is refused with faults, or gives a plan whose cells can all be made', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.anything(), staged(anyStage), staged(rightStage)), async (spec) => {
        const checked = await checkSweep(spec, env);
        if (!checked.ok) {
          if (checked.faults.length === 0) throw new Error('refused without a fault');
          JSON.stringify(checked.faults);
          return;
        }
        taken += 1;
        if (!SweepSpecSchema.safeParse(spec).success) throw new Error('took what is no spec');
        for (const stage of checked.plan.stages) {
          if (stage.kind === 'refit') continue;
          const cells = expandStage(stage, { latents: 6 }, fakeCatalog);
          if (cells.length !== countCells(stage.space)) throw new Error('counted wrong');
          if (new Set(cells.map(({ hash }) => hash)).size !== cells.length) throw new Error('cells repeat');
        }
      }),
      { numRuns: 600 },
    );
    expect(taken).toBeGreaterThan(0);
  });
});
