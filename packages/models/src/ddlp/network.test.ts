import type * as tf from '@tensorflow/tfjs-core';
import { openBackend, randomStreams } from '@trawl/nn';
import { expect, test } from 'vitest';
import { ddlpNetwork } from './network.js';
import { DdlpParams } from './params.js';

await openBackend('wasm');

const vgg = { image_size: 128, patch_size: 16, enc_channels: [32, 64, 128, 256] };

const sizes = (among: [string, tf.Variable][]): number => among.reduce((sum, [, { size }]) => sum + size, 0);

/** Trainable parameters that the original's code counts: all, and those of PINT. */
test.each([
  ['balls', {}, 9_652_801, 5_078_817],
  ['obj3d', { n_kp_enc: 8, n_kp_prior: 16, learned_feature_dim: 10 }, 9_678_144, 5_093_380],
  ['obj3d128', { ...vgg, n_kp_enc: 12, n_kp_prior: 16, learned_feature_dim: 8 }, 11_716_654, 5_089_658],
  [
    'clevrer',
    { ...vgg, n_kp_enc: 12, n_kp_prior: 16, learned_feature_dim: 8, timestep_horizon: 20 },
    11_717_614,
    5_090_618,
  ],
  ['traffic', { ...vgg, n_kp_enc: 25, n_kp_prior: 30, learned_feature_dim: 8 }, 11_717_902, 5_090_906],
  [
    'phyre',
    {
      ...vgg,
      n_kp_enc: 25,
      n_kp_prior: 30,
      learned_feature_dim: 4,
      anchor_s: 0.125,
      timestep_horizon: 15,
      pint_dim: 512,
    },
    26_052_426,
    20_255_014,
  ],
])('the network of %s has the parameters of the original', (_, given, count, dynamics) => {
  const network = ddlpNetwork(DdlpParams.parse(given), randomStreams(0));
  const variables = [...network.variables];
  expect([sizes(variables), sizes(variables.filter(([name]) => name.startsWith('pint.')))]).toEqual([count, dynamics]);
  network.dispose();
});
