import type { DatasetFacts, MetricCard, Params } from '@trawl/spec';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { dlpCard } from './card.js';
import { glimpseSide, legalAnchors, stagesOf } from './geometry.js';
import { DlpParams } from './params.js';

const facts: DatasetFacts = {
  kind: 'shapes',
  hash: '',
  size: 0,
  trials: 3,
  frames: [100, 10, 10],
  height: 64,
  width: 64,
  channels: 3,
  labels: 0,
  labelMasks: false,
  frameMasks: false,
  splits: { train: [0], val: [1], test: [2] },
};
const paramsOf = (given: object): Params => DlpParams.parse(given);
const faultsOf = (given: object, of: Partial<DatasetFacts> = {}) =>
  dlpCard.check(paramsOf(given), { ...facts, height: 64, width: 64, ...of });
const metric = (name: string): MetricCard => dlpCard.metrics.find((card) => card.name === name)!;

/** Every hyperparameter of the original's list but those that trawl says elsewhere (docs/dlp.md), and files. */
const NAMES = `batch_size lr kp_activation pad_mode num_epochs n_kp recon_loss_type sigma beta_kl beta_rec patch_size topk
n_kp_enc eval_epoch_freq learned_feature_dim bg_learned_feature_dim n_kp_prior weight_decay kp_range warmup_epoch dropout
iou_thresh anchor_s kl_balance image_size ch enc_channels prior_channels scale_std offset_std obj_on_alpha obj_on_beta
eval_im_metrics use_resblock scheduler_gamma adam_betas adam_eps train_enc_prior use_correlation_heatmaps enable_enc_attn
filtering_heuristic use_tracking vgg_weights
lpips_weights`;

/** Some weights. */
const SOME = `sha256:${'0'.repeat(64)}`;
const small = { image_size: 16, anchor_s: 0.5, enc_channels: [8, 8], n_kp_prior: 4, n_kp_enc: 2 };

const shown = (channels: number[]) =>
  stagesOf(channels)
    .slice(1)
    .map(({ in: from, out, stride }) => `${from}-${out}/${stride}`);

const why = (pooled: number, active: number, minActive?: number) =>
  metric('latent_correlation').ineligible!(
    { 'val.particles_pooled': pooled, 'val.active_units': active, 'val.feature_units': 6 },
    paramsOf({}),
    { minActive },
  );

describe('parameters', () => {
  test("are those of the original's list, each with a default, described", () => {
    expect(Object.keys(DlpParams.parse({})).toSorted()).toEqual(NAMES.split(/\s+/).toSorted());
    const { properties } = z.toJSONSchema(DlpParams, { io: 'input' });
    for (const [name, schema] of Object.entries(properties ?? {})) {
      expect({ name, schema }).toHaveProperty('schema.description');
      expect({ name, schema }).toHaveProperty('schema.recommended');
    }
  });

  test.each([{ ch: 1 }, { kp_range: [0, 1] }, { use_tracking: true }, { dropout: 0.1 }, { anchor_s: 1 }, { beta: 1 }])(
    '%o is illegal',
    (given) => {
      expect(DlpParams.safeParse(given).success).toBe(false);
    },
  );
});

describe('check', () => {
  test('the defaults are legal', () => {
    expect(faultsOf({})).toEqual([]);
    expect(dlpCard.check(paramsOf({}), null)).toEqual([]);
  });

  // As running the original's code showed.
  test.each([
    [32, [0.25, 0.5]],
    [64, [0.125, 0.25, 0.5]],
    [128, [0.0625, 0.125, 0.25, 0.5]],
  ])('at %i pixels glimpses may be %o of the image', (size, anchors) => {
    expect(legalAnchors(size)).toEqual(anchors);
    const illegal = [0.1, 0.15, 0.2, 0.3, 0.375, 0.4, 0.75];
    const found = illegal.filter((anchor_s) =>
      dlpCard.check(paramsOf({ anchor_s, image_size: size }), null).some(({ path }) => path === 'anchor_s'),
    );
    expect(found).toEqual(illegal);
  });

  test('an illegal anchor names the legal ones', () => {
    expect(faultsOf({ anchor_s: 0.3 })).toEqual([
      expect.objectContaining({ path: 'anchor_s', given: 0.3, allowed: 'at image_size 64: 0.125, 0.25, 0.5' }),
    ]);
  });

  test.each([
    ['enc_channels', { enc_channels: [32, 32, 64, 64, 128] }, {}],
    ['enc_channels', { enc_channels: [32, 32, 64, 66] }, {}],
    ['prior_channels', { prior_channels: [8, 8, 8, 8, 8], anchor_s: 0.125, patch_size: 16, n_kp_prior: 16 }, {}],
    ['patch_size', { patch_size: 12 }, {}],
    ['patch_size', { patch_size: 2 }, {}],
    ['n_kp_prior', { n_kp_prior: 65 }, {}],
    ['n_kp_prior', { patch_size: 16 }, {}],
    ['n_kp_enc', { n_kp_enc: 12, n_kp_prior: 11 }, {}],
    ['n_kp_enc', { n_kp_enc: 65, filtering_heuristic: 'none' }, {}],
    ['vgg_weights', { recon_loss_type: 'vgg' }, {}],
    ['image_size', { ...small, recon_loss_type: 'vgg', vgg_weights: SOME }, { height: 16, width: 16 }],
    ['dataset', {}, { channels: 1 }],
    ['image_size', {}, { height: 32, width: 32 }],
    ['image_size', {}, { width: 48 }],
    ['batch_size', { batch_size: 101 }, {}],
    ['batch_size', {}, { frames: [31, 10, 10] }],
  ])('%s is at fault', (path, given, data) => {
    const faults = faultsOf(given, data);
    expect(faults.map((fault) => fault.path)).toEqual([path]);
    expect(faults[0]).toMatchObject({ given: expect.anything(), allowed: expect.any(String) });
  });

  test('positions are known of generated data only', () => {
    expect(metric('position_error').check?.(paramsOf({}), facts)).toEqual([]);
    expect(metric('position_error').check?.(paramsOf({}), { ...facts, kind: 'hdf5' })[0]).toMatchObject({
      path: 'dataset',
      given: 'hdf5',
    });
  });
});

test('ranking by lpips wants its weights', () => {
  expect(metric('lpips').check?.(paramsOf({}), null)).toMatchObject([{ path: 'lpips_weights' }]);
  expect(metric('lpips').check?.(paramsOf({ lpips_weights: SOME }), null)).toEqual([]);
});

describe('geometry', () => {
  test('glimpses round as Python does', () => {
    expect([glimpseSide(0.25, 64), glimpseSide(0.25, 128), glimpseSide(0.5, 64), glimpseSide(0.5, 16)]).toEqual([
      16, 32, 32, 8,
    ]);
  });

  test('a channel count that comes again has no plain block, as in the original', () => {
    expect(shown([32, 32, 64, 64])).toEqual(['32-32/2', '32-32/1', '32-64/2', '64-64/1', '64-64/2']);
    expect(shown([16, 32, 64])).toEqual(['16-32/2', '32-32/1', '32-64/2', '64-64/1']);
  });
});

describe('metrics', () => {
  test('names are unique and what they contain are parameters', () => {
    const names = dlpCard.metrics.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const contained = dlpCard.metrics.flatMap(({ contains }) => contains);
    expect(Object.keys(DlpParams.shape)).toEqual(expect.arrayContaining(contained));
  });

  test('neither beta_kl nor anchor_s may be ranked by a loss that holds it, but by reconstruction and correlation', () => {
    expect(metric('loss').contains).toEqual(expect.arrayContaining(['beta_kl', 'anchor_s']));
    for (const name of ['psnr', 'ssim', 'latent_correlation', 'position_error']) {
      expect(metric(name).contains).toEqual([]);
    }
  });

  test('a model without particles, or with features that never move, is not eligible', () => {
    expect(why(500, 6)).toBeNull();
    expect(why(3, 6)).toMatch('3 particles are visible');
    expect(why(500, 4)).toMatch('4 of 6 appearance features are active');
    expect(why(500, 4, 3)).toBeNull();
    expect(why(0, 0, 0)).toBeNull();
  });
});
