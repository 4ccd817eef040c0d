import type { DatasetFacts, MetricCard, Params } from '@trawl/spec';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DlpParams } from '../dlp/params.js';
import { ddlpCard } from './card.js';
import { dynamicDiscount } from './loss.js';
import { DdlpParams } from './params.js';

const facts: DatasetFacts = {
  kind: 'balls',
  hash: '',
  size: 0,
  trials: 3,
  frames: [60, 60, 50],
  height: 64,
  width: 64,
  channels: 3,
  labels: 0,
  labelMasks: false,
  frameMasks: false,
  splits: { train: [0], val: [1], test: [2] },
};
const paramsOf = (given: object): Params => DdlpParams.parse(given);
const faultsOf = (given: object, of: Partial<DatasetFacts> = {}) =>
  ddlpCard.check(paramsOf(given), { ...facts, ...of });
const metric = (name: string): MetricCard => ddlpCard.metrics.find((card) => card.name === name)!;

/** Of the original's list what dlp has not, and two of ours. */
const DYNAMICS = `timestep_horizon predict_delta beta_dyn beta_dyn_rec num_static_frames pint_layers pint_heads pint_dim
animation_horizon start_dyn_epoch cond_steps animation_fps discount_steps reference`;

describe('parameters', () => {
  test("are dlp's and those of the dynamics in the original's list", () => {
    const names = [...Object.keys(DlpParams.shape), ...DYNAMICS.split(/\s+/)];
    expect(Object.keys(DdlpParams.shape).toSorted()).toEqual(names.toSorted());
  });

  test('keep the words and limits of dlp where their default is another', () => {
    const { properties } = z.toJSONSchema(DdlpParams, { io: 'input' });
    expect(properties?.['beta_kl']).toMatchObject({
      default: 0.1,
      minimum: 0,
      description: expect.stringContaining('Weight of the KL'),
      recommended: { vgg: 40 },
    });
    expect(properties?.['batch_size']).toMatchObject({ description: expect.stringContaining('Clips'), maximum: 1024 });
  });

  test.each([{ use_tracking: false }, { timestep_horizon: 0 }, { beta_dyn: -1 }, { animation_fps: 30 }])(
    '%o is illegal',
    (given) => {
      expect(DdlpParams.safeParse(given).success).toBe(false);
    },
  );
});

describe('check', () => {
  test('the defaults are legal', () => {
    expect(faultsOf({})).toEqual([]);
    expect(ddlpCard.check(paramsOf({}), null)).toEqual([]);
  });

  test.each([
    ['anchor_s', { anchor_s: 0.3 }, {}, 'at image_size 64: 0.125, 0.25, 0.5'],
    ['num_static_frames', { timestep_horizon: 3, num_static_frames: 4 }, {}, '1 to timestep_horizon = 3'],
    ['pint_heads', { pint_dim: 100 }, {}, 'a divisor of 100, as 1, 2, 4'],
    ['cond_steps', { cond_steps: 50 }, {}, '1 to 49'],
    ['start_dyn_epoch', { start_dyn_epoch: 2, num_epochs: 2 }, {}, '0 to 1'],
    ['timestep_horizon', {}, { frames: [8, 60, 50] }, 'up to 7'],
    ['timestep_horizon', {}, { frames: [1, 60, 50] }, 'longer clips'],
    ['animation_horizon', {}, { frames: [60, 60, 30] }, 'up to 30'],
    ['batch_size', { batch_size: 51 }, {}, '1 to 50'],
    ['image_size', { image_size: 32, enc_channels: [8, 8] }, {}, '64'],
    ['dataset', {}, { channels: 1 }, 'images of 3 channels'],
  ])('%s: %o on %o is refused, with what is allowed', (path, given, of, allowed) => {
    expect(faultsOf(given, of)).toEqual([expect.objectContaining({ path, allowed })]);
  });

  test('a clip shorter than the horizon is named', () => {
    expect(faultsOf({}, { frames: [60, 60, 9] })[0]?.message).toBe(
      'test clip 2 has 9 frames; the loss takes timestep_horizon + 1 = 11',
    );
  });

  test('data without splits is refused', () => {
    const { splits: _, ...rest } = facts;
    expect(ddlpCard.check(paramsOf({}), rest)).toEqual([expect.objectContaining({ path: 'dataset' })]);
  });
});

test('the weights of the dynamics may be ranked by rollouts, not by the loss that they are in', () => {
  expect(metric('loss').contains).toEqual(expect.arrayContaining(['beta_dyn', 'beta_kl', 'num_static_frames']));
  expect(metric('rollout_psnr').contains).toEqual(['cond_steps', 'animation_horizon']);
});

test('later frames count less while the dynamics learn', () => {
  const of = { warmup_epoch: 0, timestep_horizon: 4, num_static_frames: 2, discount_steps: 400 };
  expect(dynamicDiscount(0, 10, of)).toEqual([0, 0, 0]);
  expect(dynamicDiscount(60, 10, of)).toEqual([0.6, 0.3, 0.2]);
  expect(dynamicDiscount(400, 10, of)).toEqual([1, 1, 1]);
  // At least an epoch.
  expect(dynamicDiscount(60, 4000, of)[0]).toBe(0.06);
});
