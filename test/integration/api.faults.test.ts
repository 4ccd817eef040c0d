import type { Fault } from '@trawl/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { writeDataRoot } from '../support/dataRoot.js';
import { smallSpec, stagedSpec } from '../support/specs.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await writeDataRoot(api.root);
});
afterAll(() => api.close());

const post = (payload: unknown, query = '?dryRun=true') =>
  api.inject({
    method: 'POST',
    url: `/v1/sweeps${query}`,
    payload: JSON.stringify(payload),
    headers: { 'content-type': 'application/json' },
  });

async function faultsOf(spec: unknown): Promise<Fault[]> {
  const problem = problemOf(await post(spec));
  expect(problem).toMatchObject({ status: 400, type: 'urn:trawl:problem:invalid-body' });
  return problem.errors ?? [];
}

type Change = Record<string, unknown>;
const exactly = (text: string) => new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`);
const withParams = (change: Change) => ({ ...smallSpec(), params: { ...smallSpec().params, ...change } });
const withDataset = (change: Change) => ({ ...smallSpec(), dataset: { ...smallSpec().dataset, ...change } });
const withGrid = (grid: unknown) => ({ ...smallSpec(), grid });
const withSelect = (select: unknown) => ({ ...smallSpec(), select });
const hdf5 = (path: unknown) => ({ ...smallSpec(), dataset: { kind: 'hdf5', path } });
const withStage = (index: number, change: Change) => {
  const spec = stagedSpec();
  return { ...spec, stages: spec.stages.map((stage, i) => (i === index ? { ...stage, ...change } : stage)) };
};
const without = (key: string) => Object.fromEntries(Object.entries(smallSpec()).filter(([each]) => each !== key));

/** What is wrong, the spec, and the one fault that the answer must list. */
const BAD: [string, unknown, path: string, given: unknown, allowed: string | RegExp][] = [
  ['no model', without('model'), 'model', undefined, /^one of: ps-vae, /],
  ['no name', without('name'), 'name', undefined, 'a text of 1 to 200 characters'],
  ['no dataset', without('dataset'), 'dataset', undefined, /./],
  ['an empty name', { ...smallSpec(), name: ' ' }, 'name', ' ', 'a text of 1 to 200 characters'],
  ['a number as name', { ...smallSpec(), name: 7 }, 'name', 7, 'a text of 1 to 200 characters'],
  ['an unknown model', { ...smallSpec(), model: 'ps-vea' }, 'model', 'ps-vea', /^one of: ps-vae, /],
  ['an unknown key', { ...smallSpec(), gird: {} }, 'gird', {}, /grid/],
  [
    'a key of a stage in the sweep',
    { ...smallSpec(), refit: { top: 2, seeds: 3 } },
    'refit',
    { top: 2, seeds: 3 },
    /./,
  ],
  ['an empty grid', withGrid({}), 'grid', {}, /./],
  ['an empty axis', withGrid({ beta: [] }), 'grid.beta', [], /./],
  ['a number as axis', withGrid({ beta: 5 }), 'grid.beta', 5, /./],
  ['an axis of no parameter', withGrid({ bata: [1, 5] }), 'grid.bata', [1, 5], /beta/],
  ['a value twice', withGrid({ beta: [1, 5, 1] }), 'grid.beta.2', 1, 'values that all differ'],
  [
    'a cell twice by its default',
    { ...smallSpec(), grid: undefined, cells: [{ beta: 10 }, { beta: 1e1 }] },
    'cells.1',
    { beta: 10 },
    'points that all differ',
  ],
  ['an illegal value on an axis', withGrid({ beta: [1, -5] }), 'grid.beta.1', -5, 'a number from 0 to 1000000'],
  ['a text on an axis', withGrid({ beta: [1, '5'] }), 'grid.beta.1', '5', 'a number from 0 to 1000000'],
  [
    'an unknown axis form',
    withGrid({ beta: { linspase: [1, 5, 3] } }),
    'grid.beta.linspase',
    [1, 5, 3],
    'one of: linspace, logspace, range',
  ],
  [
    'a linspace of one',
    withGrid({ beta: { linspace: [1, 5, 1] } }),
    'grid.beta.linspace.2',
    1,
    'an integer from 2 to 100000',
  ],
  ['a linspace backwards', withGrid({ beta: { linspace: [5, 1, 3] } }), 'grid.beta.linspace', [5, 1, 3], 'lo below hi'],
  ['a logspace from 0', withGrid({ beta: { logspace: [0, 5, 3] } }), 'grid.beta.logspace.0', 0, 'a number above 0'],
  [
    'axes of two lengths in zip',
    { ...smallSpec(), grid: undefined, zip: { alpha: [1, 2], beta: [1, 2, 3] } },
    'zip.beta',
    [1, 2, 3],
    '2 values',
  ],
  [
    'a parameter varied twice',
    { ...smallSpec(), zip: { beta: [2, 3] } },
    'zip.beta',
    [2, 3],
    'each parameter in one place only',
  ],
  [
    'everything excluded',
    { ...smallSpec(), exclude: [{ alpha: 50 }, { alpha: 500 }] },
    'exclude',
    [{ alpha: 50 }, { alpha: 500 }],
    'points that leave at least one cell',
  ],
  ['an exclusion of nothing', { ...smallSpec(), exclude: [{ alpha: 51 }] }, 'exclude.0.alpha', 51, 'one of: 50, 500'],
  [
    '10^9 cells',
    withGrid({ alpha: { linspace: [1, 2, 1e4] }, beta: { linspace: [1, 2, 1e5] } }),
    'grid',
    2000000000,
    'at most 100000 runs a sweep',
  ],
  [
    'an axis of 10^9 values',
    withGrid({ beta: { linspace: [1, 2, 1e9] } }),
    'grid.beta.linspace.2',
    1000000000,
    'an integer from 2 to 100000',
  ],
  [
    'a draw of an unknown kind',
    { ...smallSpec(), grid: undefined, random: { n: 3, space: { beta: { normal: [0, 1] } } } },
    'random.space.beta.normal',
    [0, 1],
    'one of: uniform, loguniform, int, choice',
  ],
  [
    'more draws than choices',
    { ...smallSpec(), grid: undefined, random: { n: 30, space: { beta: { choice: [1, 5] } } } },
    'random.n',
    30,
    'at most 2',
  ],
  ['a seed of 1.5', { ...smallSpec(), seeds: [1, 1.5] }, 'seeds.1', 1.5, 'an integer from 0 to 2147483647'],
  ['a negative seed', { ...smallSpec(), seeds: [-1] }, 'seeds.0', -1, 'an integer from 0 to 2147483647'],
  ['a seed twice', { ...smallSpec(), seeds: [1, 1] }, 'seeds.1', 1, 'seeds that all differ'],
  [
    'no seeds',
    { ...smallSpec(), seeds: [] },
    'seeds',
    [],
    'a list of 1 to 100000 values, each an integer from 0 to 2147483647',
  ],
  [
    'one seed without a list',
    { ...smallSpec(), seeds: 3 },
    'seeds',
    3,
    'a list of 1 to 100000 values, each an integer from 0 to 2147483647',
  ],
  ['alpha "NaN"', withGrid({ alpha: ['NaN'], beta: [1, 5] }), 'grid.alpha.0', 'NaN', 'a number from 0 to 1000000000'],
  ['an unknown parameter', withParams({ bta: 1 }), 'params.bta', 1, /beta/],
  [
    'a parameter of the wrong type',
    withParams({ learning_rate: '1e-3' }),
    'params.learning_rate',
    '1e-3',
    'a number from 1e-8 to 1',
  ],
  ['a parameter out of range', withParams({ frame_std: 0 }), 'params.frame_std', 0, 'a number from 0.001 to 100'],
  [
    'an integer with a fraction',
    withParams({ max_n_epochs: 4.5 }),
    'params.max_n_epochs',
    4.5,
    'an integer from 1 to 100000',
  ],
  [
    'an option that is none',
    withParams({ sampling: 'text-book' }),
    'params.sampling',
    'text-book',
    'one of: textbook, behavenet',
  ],
  [
    'a parameter missing',
    { ...smallSpec(), params: { architecture: 'small', max_n_epochs: 4, anneal_epochs: 1 } },
    'params.n_ae_latents',
    undefined,
    'an integer from 2 to 64',
  ],
  [
    'fewer latents than labels',
    { ...withParams({ n_ae_latents: 2 }), dataset: { ...smallSpec().dataset, labels: 4 } },
    'params.n_ae_latents',
    2,
    '4 to 64; from 6 on there are two unsupervised latents to correlate',
  ],
  ['too few unsupervised latents to correlate', withParams({ n_ae_latents: 3 }), 'params.n_ae_latents', 3, '4 to 64'],
  [
    'annealing as long as training',
    withParams({ anneal_epochs: 4 }),
    'params.anneal_epochs',
    4,
    'below max_n_epochs, which is 4',
  ],
  [
    'a metric that contains the varied parameter',
    withSelect({ rule: 'min', metric: 'val.loss' }),
    'select.metric',
    'val.loss',
    /./,
  ],
  ['an unknown metric', withSelect({ rule: 'min', metric: 'val.los' }), 'select.metric', 'val.los', /val\.label_mse/],
  [
    'a metric without its split',
    withSelect({ rule: 'min', metric: 'label_mse' }),
    'select.metric',
    'label_mse',
    /val\.label_mse/,
  ],
  [
    'an unknown rule',
    withSelect({ rule: 'best', metric: 'val.label_mse' }),
    'select.rule',
    'best',
    'one of: min, max, smallest-within, largest-within, knee, manual',
  ],
  [
    'a rule against its direction',
    withSelect({ rule: 'min', direction: 'max', metric: 'val.label_mse' }),
    'select.direction',
    'max',
    'min, or absent',
  ],
  [
    'smallest-within without a parameter',
    withSelect({ rule: 'smallest-within', metric: 'val.label_mse', tolerance: { factor: 1.1 } }),
    'select.parameter',
    undefined,
    'one of: alpha, beta',
  ],
  [
    'smallest-within without a tolerance',
    withSelect({ rule: 'smallest-within', parameter: 'alpha', metric: 'val.label_mse' }),
    'select.tolerance',
    undefined,
    '{ factor } or { absolute }, as { factor: 1.1 }',
  ],
  [
    'a tolerance below 1',
    withSelect({ rule: 'smallest-within', parameter: 'alpha', metric: 'val.label_mse', tolerance: { factor: 0.9 } }),
    'select.tolerance.factor',
    0.9,
    'a number at least 1',
  ],
  [
    'an aggregate that is none',
    withSelect({ metric: 'val.label_mse', aggregate: 'max' }),
    'select.aggregate',
    'max',
    'one of: mean, median',
  ],
  [
    'a dataset of no kind',
    { ...smallSpec(), dataset: { kind: 'hd5', path: 'x' } },
    'dataset.kind',
    'hd5',
    'one of: hdf5, behaviour, shapes, balls, frames, sessions',
  ],
  [
    'a generated dataset with an unknown key',
    withDataset({ trails: 5 }),
    'dataset.trails',
    5,
    'one of: kind, trials, frames, height, width, labels, factors, strength, noise, masked, seed, look',
  ],
  ['a path as number', hdf5(7), 'dataset.path', 7, 'a relative path, or sha256: and 64 hex digits'],
  [
    'a path outside the roots',
    hdf5('../outside.hdf5'),
    'dataset.path',
    '../outside.hdf5',
    /data root \(data-.*\), without \.\.$/,
  ],
  ['an absolute path', hdf5('/etc/passwd'), 'dataset.path', '/etc/passwd', /data root \(data-.*\), without \.\.$/],
  ['a link out of the roots', hdf5('link.hdf5'), 'dataset.path', 'link.hdf5', /data root \(data-.*\), without \.\.$/],
  [
    'a path that does not exist',
    hdf5('mouse/dta.hdf5'),
    'dataset.path',
    'mouse/dta.hdf5',
    'mouse/data.hdf5, broken.hdf5, nolabels.hdf5',
  ],
  ['a folder', hdf5('mouse'), 'dataset.path', 'mouse', 'a file: mouse/data.hdf5'],
  ['a file that is no HDF5', hdf5('broken.hdf5'), 'dataset.path', 'broken.hdf5', "an HDF5 file in BehaveNet's layout"],
  ['HDF5 without labels', hdf5('nolabels.hdf5'), 'dataset', 'hdf5', /^a dataset with labels; vae, /],
  [
    'too few trials for the splits',
    withDataset({ trials: 5 }),
    'params.trial_splits',
    '8;1;1;0',
    'blocks of at most 5 trials',
  ],
  [
    'a stage without a name',
    withStage(0, { name: undefined }),
    'stages.0.name',
    undefined,
    '1 to 100 letters, digits, _, . and -, a letter or digit first',
  ],
  [
    'two stages of one name',
    withStage(1, { name: 'alpha' }),
    'stages.1.name',
    'alpha',
    'a name that no other stage has',
  ],
  ['no stages', { ...without('grid'), select: undefined, stages: [] }, 'stages', [], /./],
  [
    'stages and a grid',
    { ...stagedSpec(), grid: { beta: [1] } },
    'grid',
    { beta: [1] },
    'in a stage, or without stages',
  ],
  [
    'a refit without a search before',
    { ...stagedSpec(), stages: [{ name: 'refit', refit: {} }] },
    'stages.0.refit',
    {},
    'after a stage that searches',
  ],
  [
    'a refit of nothing',
    withStage(2, { refit: { top: 0, seeds: 3 } }),
    'stages.2.refit.top',
    0,
    'an integer from 1 to 100',
  ],
  [
    'a refit with a grid',
    withStage(2, { grid: { beta: [1] } }),
    'stages.2.grid',
    { beta: [1] },
    'beside refit only: name, execution',
  ],
  [
    'weights from a later stage',
    withStage(0, { from: { stage: 'beta' } }),
    'stages.0.from.stage',
    'beta',
    'an earlier search stage, and there is none',
  ],
  [
    'a priority that is no integer',
    { ...smallSpec(), execution: { priority: 0.5 } },
    'execution.priority',
    0.5,
    'an integer from -1000 to 1000',
  ],
  [
    'an unknown way of execution',
    { ...smallSpec(), execution: { maxParalel: 2 } },
    'execution.maxParalel',
    2,
    'one of: maxParallel, priority, weight, maxFailures, timeoutMinutes, stallMinutes, gpuShare',
  ],
  ['a gate that is none', { ...smallSpec(), gate: 'manual' }, 'gate', 'manual', 'one of: auto, review'],
];

describe('a sweep with one fault', () => {
  it.each(BAD)('%s', async (_, spec, path, given, allowed) => {
    expect(await faultsOf(spec)).toEqual([
      {
        path,
        message: expect.stringMatching(/./),
        ...(given === undefined ? {} : { given }),
        allowed: expect.stringMatching(typeof allowed === 'string' ? exactly(allowed) : allowed),
      },
    ]);
  });
});

describe('a sweep with many faults', () => {
  it('lists them all in one answer', async () => {
    const faults = await faultsOf({
      ...withParams({ bta: 1, anneal_epochs: 9 }),
      seeds: [1, 1.5],
      grid: { alpha: ['NaN'], gamma: [1] },
      select: { rule: 'min', metric: 'val.los' },
      dataset: { kind: 'hdf5', path: 'nothing.hdf5' },
    });
    expect(faults.map((fault) => fault.path).sort()).toEqual([
      'dataset.path',
      'grid.alpha.0',
      'grid.gamma',
      'params.anneal_epochs',
      'params.bta',
      'seeds.1',
      'select.metric',
    ]);
  });

  it('takes data that is sound', async () => {
    const answer = await post({ ...hdf5('mouse/data.hdf5'), select: { metric: 'val.label_mse' } });
    expect([answer.statusCode, answer.body]).toEqual([200, expect.any(String)]);
  });
});
