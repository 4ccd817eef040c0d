import type { DatasetFacts, MetricCard, Params } from '@trawl/spec';
import { faultsOf as faultsOfError } from '@trawl/spec';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { layersOf } from './architecture.js';
import { psVaeCard } from './card.js';
import { PsVaeParams } from './params.js';
import { vectors } from './vectors.testing.js';

const facts: DatasetFacts = {
  kind: 'behaviour',
  hash: '',
  size: 0,
  trials: 20,
  frames: Array.from({ length: 20 }, () => 32),
  height: 32,
  width: 32,
  channels: 1,
  labels: 2,
  labelMasks: false,
  frameMasks: false,
};
const paramsOf = (given: object): Params =>
  z.record(z.string(), z.json()).parse(PsVaeParams.parse({ n_ae_latents: 4, ...given }));
const faultsOf = (given: object, of: DatasetFacts | null = facts) => psVaeCard.check(paramsOf(given), of);
const metric = (name: string): MetricCard => psVaeCard.metrics.find((card) => card.name === name)!;

const summary = (active: number, units = 4) => ({
  'train.active_units': active,
  'train.unsupervised_units': units,
  'train.latent_correlation': 0.1,
  'train.latent_correlation_active': 0.4,
});

const why = (active: number, minActive?: number) =>
  metric('latent_correlation').ineligible!(summary(active), paramsOf({}), { minActive });

describe('parameters', () => {
  test('only n_ae_latents must be given', () => {
    expect(Object.keys(PsVaeParams.parse({ n_ae_latents: 4 }))).toEqual(Object.keys(PsVaeParams.shape));
    expect(PsVaeParams.safeParse({}).success).toBe(false);
  });

  test.each([
    { n_ae_latents: 65 },
    { n_ae_latents: 4, alpha: Number.POSITIVE_INFINITY },
    { n_ae_latents: 4, beta: Number.NaN },
    { n_ae_latents: 4, gamma: 1 },
    { n_ae_latents: 4, trial_splits: '8;0;1;0' },
    { n_ae_latents: 4, frame_std: 0 },
    { n_ae_latents: 4, architecture: 'large' },
    { n_ae_latents: 4, architecture: [{ channels: 8, kernel: 3, stride: 4 }] },
    { n_ae_latents: 4, architecture: { layers: [{ channels: 8, kernel: 3, stride: 2 }], feature_points: 0 } },
  ])('%o is illegal', (given) => {
    expect(PsVaeParams.safeParse(given).success).toBe(false);
  });

  test('BehaveNet’s architecture is taken as its file has it', () => {
    const { arch } = vectors.B_models.strides_2_2;
    const { architecture } = PsVaeParams.parse({ n_ae_latents: 4, architecture: arch });
    expect(layersOf(architecture)).toEqual([4, 8].map((channels) => ({ channels, kernel: 5, stride: 2 })));
  });

  test.each([
    ['ae_network_type', { ae_network_type: 'max_pooling' }],
    ['ae_batch_norm', { ae_batch_norm: 1 }],
    ['ae_encoding_stride_size', { ae_encoding_stride_size: [2] }],
    ['ae_encoding_stride_size.1', { ae_encoding_stride_size: [2, 6] }],
    ['ae_encoding_kernels', { ae_encoding_kernels: [5, 5] }],
  ])('of that, what the model does not have is named: %s', (path, given) => {
    const raw = { n_ae_latents: 4, architecture: { ...vectors.B_models.strides_2_2.arch, ...given } };
    const { error } = PsVaeParams.safeParse(raw);
    const faults = faultsOfError(error!, raw, PsVaeParams);
    expect(faults.map((fault) => fault.path)).toEqual([`architecture.${path}`]);
    expect(faults[0]!.allowed).not.toBe('');
  });

  test('each is described, and the whole is a JSON Schema', () => {
    const { properties } = z.toJSONSchema(PsVaeParams, { io: 'input' });
    for (const [name, schema] of Object.entries(properties ?? {})) {
      expect({ name, schema }).toHaveProperty('schema.description');
    }
  });
});

describe('check', () => {
  test('the defaults are legal', () => {
    expect(faultsOf({ architecture: 'small' })).toEqual([]);
    expect(faultsOf({}, null)).toEqual([]);
  });

  test.each([
    ['n_ae_latents', { n_ae_latents: 2 }, { labels: 3 }],
    ['anneal_epochs', { anneal_epochs: 200 }, {}],
    ['anneal_epochs', { max_n_epochs: 20 }, {}],
    ['min_n_epochs', { min_n_epochs: 201 }, {}],
    ['trial_splits', { trial_splits: '8;1;1;4' }, {}],
    ['train_frac', { train_frac: 0.01 }, {}],
    ['train_frac', { train_frac: 17 }, {}],
    ['train_frac', { train_frac: 2.5 }, {}],
    ['dataset', {}, { labels: 0 }],
    ['dataset', {}, { labels: 65 }],
    ['dataset', {}, { frames: [32, 1, 32] }],
    ['architecture', {}, { height: 16, width: 16 }],
    ['architecture', { architecture: 'feature-points' }, { height: 2, width: 32 }],
  ])('%s is at fault', (path, given, data) => {
    const faults = faultsOf(given, { ...facts, ...data });
    expect(faults.map((fault) => fault.path)).toEqual([path]);
    expect(faults[0]).toMatchObject({ given: expect.anything(), allowed: expect.any(String) });
  });

  test('all faults come at once', () => {
    const paths = faultsOf({ n_ae_latents: 2, anneal_epochs: 300, min_n_epochs: 300 }, { ...facts, labels: 4 });
    expect(paths.map((fault) => fault.path)).toEqual(['anneal_epochs', 'min_n_epochs', 'n_ae_latents']);
  });

  test('a number of training trials is legal', () => {
    expect(faultsOf({ train_frac: 16 })).toEqual([]);
  });

  test('ranking by latent correlation needs two unsupervised latents', () => {
    const correlation = metric('latent_correlation');
    expect(correlation.check?.(paramsOf({ n_ae_latents: 3 }), facts)[0]).toMatchObject({
      path: 'n_ae_latents',
      given: 3,
    });
    expect(correlation.check?.(paramsOf({ n_ae_latents: 4 }), facts)).toEqual([]);
  });
});

describe('metrics', () => {
  test('names are unique and what they contain are parameters', () => {
    const names = psVaeCard.metrics.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const contained = psVaeCard.metrics.flatMap(({ contains }) => contains);
    expect(Object.keys(PsVaeParams.shape)).toEqual(expect.arrayContaining(contained));
  });

  test('beta cannot be ranked by a loss that it weighs, but by its unweighted terms', () => {
    expect(metric('loss').contains).toContain('beta');
    for (const name of ['loss_zu_tc', 'loss_zu_tc_raw', 'label_mse', 'latent_correlation']) {
      expect(metric(name).contains).not.toContain('beta');
    }
  });

  test('a collapsed model is not eligible, unless minActive lets it', () => {
    expect(why(4)).toBeNull();
    expect(why(3)).toMatch('3 of 4 unsupervised latents are active');
    expect(why(3, 3)).toBeNull();
    expect(why(2, 3)).toMatch('3 must be');
    expect(why(0, 1)).toMatch('1 must be');
    expect(why(0, 0)).toBeNull();
    expect(why(0)).toMatch('4 must be');
  });

  test('with minActive the mean runs over active pairs', () => {
    const correlation = metric('latent_correlation');
    expect(correlation.value?.(summary(4), {})).toBe(0.1);
    expect(correlation.value?.(summary(3), { minActive: 3 })).toBe(0.4);
    expect(correlation.value?.(summary(1), { minActive: 0 })).toBe(0.1);
  });
});
