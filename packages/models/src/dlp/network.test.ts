import * as tf from '@tensorflow/tfjs-core';
import { adam, openBackend, randomStreams } from '@trawl/nn';
import { expect, test } from 'vitest';
import { dlpNetwork, imagesOf } from './network.js';
import { DlpParams } from './params.js';
import { dlpLoss, TERMS } from './loss.js';
import { trainStep } from './loop/passes.js';
import { phaseAt } from './loop/schedule.js';
import { blockAnswers } from './blocks.suite.testing.js';

await openBackend('wasm');

/** Trainable parameters that the original's code counts. */
test.each([
  [{ enc_channels: [32, 32, 64, 64], prior_channels: [32, 32, 64], filtering_heuristic: 'none' }, 2_989_238],
  [{ enc_channels: [32, 64, 128], prior_channels: [16, 32, 64] }, 4_578_460],
  [
    {
      image_size: 64,
      enc_channels: [32, 64, 128],
      patch_size: 16,
      n_kp_enc: 12,
      n_kp_prior: 16,
      learned_feature_dim: 8,
      use_correlation_heatmaps: true,
    },
    4_581_684,
  ],
  [
    {
      image_size: 128,
      enc_channels: [32, 64, 64, 128, 128],
      prior_channels: [32, 32, 64],
      patch_size: 16,
      n_kp_enc: 25,
      learned_feature_dim: 8,
      use_correlation_heatmaps: true,
    },
    4_228_564,
  ],
  [
    { image_size: 128, enc_channels: [16, 32, 64, 64, 128], patch_size: 16, n_kp_enc: 12, learned_feature_dim: 8 },
    3_906_020,
  ],
])('the network of %o has the parameters of the original', (given, count) => {
  const network = dlpNetwork(DlpParams.parse(given), randomStreams(0));
  expect([...network.variables.values()].reduce((sum, { size }) => sum + size, 0)).toBe(count);
  network.dispose();
});

test.each([
  ['residual', { use_resblock: true }],
  ['both', { use_resblock: true, enable_enc_attn: true }],
])('the network with %s blocks has the parameters of the original', (name, given) => {
  const params = DlpParams.parse({ enc_channels: [32, 64, 128], prior_channels: [16, 32, 64], ...given });
  const network = dlpNetwork(params, randomStreams(0));
  // The original has the frequencies of positions beside its parameters.
  const trained = [...network.variables].filter(([variable]) => !variable.endsWith('.frequencies'));
  expect(trained.reduce((sum, [, { size }]) => sum + size, 0)).toBe(blockAnswers.parameters[name]);
  network.dispose();
});

const tiny = {
  image_size: 16,
  enc_channels: [8, 16],
  prior_channels: [8, 16],
  patch_size: 8,
  n_kp_enc: 3,
  n_kp_prior: 4,
  anchor_s: 0.5,
};

test.each(['variance', 'distance', 'random', 'none'])(
  '%s filters, and a step in every phase leaves no tensor',
  (filtering_heuristic) => {
    const params = DlpParams.parse({ ...tiny, filtering_heuristic, pad_mode: 'zeros', use_correlation_heatmaps: true });
    const streams = randomStreams(1);
    const network = dlpNetwork(params, streams);
    const optimizer = adam(network.variables, { learningRate: 1e-3 });
    const pixels = streams.get('x').uniforms(2 * 16 * 16 * 3, 0, 1);
    const makeImages = () => imagesOf(tf.tensor4d(pixels, [2, 16, 16, 3]));
    const before = tf.memory().numTensors;
    for (const epoch of [0, 1, 2]) {
      const [phase, dice] = [phaseAt(epoch, params), streams.get('noise')];
      const report = trainStep({ network, terms: TERMS }, optimizer, () => {
        const images = makeImages();
        const encoded = network.encode(images, phase, dice);
        return dlpLoss(images, encoded, network.decode(encoded, phase, dice), phase, params);
      });
      expect([...report.dataSync()].every(Number.isFinite)).toBe(true);
      report.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
    tf.tidy(() => {
      const images = makeImages();
      const { prior, anchors } = network.encode(images, phaseAt(2, params), null);
      expect([prior.keypoints.shape, anchors.shape]).toEqual([
        [2, 4, 2],
        [2, 3, 2],
      ]);
    });
    optimizer.dispose();
    network.dispose();
  },
);
