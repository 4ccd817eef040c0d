import * as tf from '@tensorflow/tfjs-core';
import { openBackend, randomStreams } from '@trawl/nn';
import { expect, test } from 'vitest';
import { sizesOf } from './architecture.js';
import type { Architecture, ConvLayer } from './architecture.js';
import { psVaeNetwork } from './network.js';
import { psVaeObjective } from './loss.js';
import { trialGradients, evaluateTrial } from './passes.js';
import { PsVaeParams } from './params.js';
import { trialOf, vectors } from './vectors.testing.js';

await openBackend('cpu');

const strideFive: ConvLayer[] = [
  { channels: 3, kernel: 5, stride: 2 },
  { channels: 4, kernel: 5, stride: 5 },
];
const network = (
  shape: { height: number; width: number; channels: number; labels: number; background: number },
  n_ae_latents: number,
  seed = 0,
  architecture: Architecture = strideFive,
) => psVaeNetwork(shape, { architecture, n_ae_latents, sampling: 'textbook' }, randomStreams(seed));

test.each([
  { channels: 1, height: 128, width: 128, count: 8_746_005 },
  { channels: 2, height: 128, width: 128, count: 8_747_606 },
  { channels: 1, height: 128, width: 256, count: 8_784_917 },
])('the default architecture has the parameters of BehaveNet at %o', ({ count, ...frame }) => {
  const model = network({ ...frame, labels: 4, background: 0 }, 6, 0, 'behavenet');
  expect([...model.variables.values()].reduce((sum, { size }) => sum + size, 0)).toBe(count);
  model.dispose();
});

test('sizes follow the padding rule of TensorFlow', () => {
  for (const { in: size, k, s, out_before_after } of vectors.D_same_padding) {
    expect(sizesOf([{ channels: 1, kernel: k, stride: s }], size, size)[1]).toEqual([
      out_before_after[0],
      out_before_after[0],
    ]);
  }
});

test('the decoder gives frames of the size that came in, in 0..1', () => {
  const shape = { height: 23, width: 17, channels: 2, labels: 1, background: 0 };
  const model = network(shape, 3);
  const { mean, logvar } = model.encode(tf.ones([2, 23, 17, 2]));
  expect([mean.shape, logvar.shape]).toEqual([
    [2, 3],
    [2, 3],
  ]);
  const frames = model.decode(mean);
  expect(frames.shape).toEqual([2, 23, 17, 2]);
  expect(frames.dataSync().every((value) => value > 0 && value < 1)).toBe(true);
});

const shape = { height: 12, width: 10, channels: 1, labels: 2, background: 0 };

test('the rotation is orthogonal, not trained, and follows the seed', () => {
  const of = (seed: number) => tf.reshape<tf.Rank.R2>(network(shape, 5, seed).frozen.get('rotation.kernel')!, [5, 5]);
  const product = tf.matMul(of(1), of(1), false, true);
  tf.eye(5)
    .dataSync()
    .forEach((value, i) => expect(product.dataSync()[i]).toBeCloseTo(value, 6));
  expect(network(shape, 5).variables.has('rotation')).toBe(false);
  expect(of(1).dataSync()).not.toEqual(of(2).dataSync());
  expect(of(1).dataSync()).toEqual(of(1).dataSync());
});

test('the labels of latents drawn from their prior have the moments of the data', () => {
  const moments = { mean: [240, -0.5], std: [15, 0.2] };
  const params = { architecture: strideFive, n_ae_latents: 4, sampling: 'textbook' as const };
  const model = psVaeNetwork(shape, params, randomStreams(1), moments);
  const drawn = model.predictLabels(tf.tensor2d(randomStreams(2).get('prior').normals(40_000), [10_000, 4]));
  const { mean, variance } = tf.moments(drawn, 0);
  mean.dataSync().forEach((value, l) => {
    expect(Math.abs(value - moments.mean[l]!) / moments.std[l]!).toBeLessThan(0.05);
    expect(Math.sqrt(variance.dataSync()[l]!) / moments.std[l]!).toBeCloseTo(1, 1);
  });
  model.dispose();
});

const points = { layers: [{ channels: 4, kernel: 5, stride: 2 }], feature_points: 3 };

test('feature points follow what they see as far as it moves', () => {
  const model = network({ ...shape, height: 24, width: 48 }, 3, 1, points);
  const latents = (column: number) => {
    const square = tf.pad(tf.ones([4, 4]), [
      [10, 10],
      [column, 44 - column],
    ]);
    return model.encode(tf.reshape(square, [1, 24, 48, 1])).mean.dataSync();
  };
  const [from, to, further] = [latents(10), latents(16), latents(28)];
  from.forEach((at, i) => {
    expect(Math.abs(to[i]! - at)).toBeGreaterThan(1e-4);
    expect((further[i]! - at) / (to[i]! - at)).toBeCloseTo(3, 2);
  });
  model.dispose();
});

test.each([
  ['strides of 2 and 5', strideFive],
  ['feature points', points],
])('gradients through %s are those of finite differences', (_, architecture) => {
  const streams = randomStreams(2);
  const params = PsVaeParams.parse({ n_ae_latents: 4, alpha: 10, frame_std: 0.5, architecture });
  const model = { network: network(shape, 4, 2, architecture), params, shape, objective: psVaeObjective };
  const trial = trialOf(3, shape, streams.get('data'));
  const noise = streams.get('noise').normals(12);
  const weights = { kl: 0.5, tc: 3 };
  const loss = () => evaluateTrial(model, trial, noise, weights)[0]!.terms.loss!;
  const { gradients } = trialGradients(model, trial, noise, weights);
  for (const [name, variable] of model.network.variables) {
    const gradient = gradients.get(name)!.dataSync();
    const norm = Math.hypot(...gradient);
    const before = variable.dataSync().slice();
    // Along the gradient itself the loss must change by its norm; smaller steps drown in float32, larger ones meet kinks.
    const h = 0.004 / Math.max(norm, 1);
    const at = (sign: number) => {
      variable.assign(
        tf.tensor(
          before.map((value, i) => value + (sign * h * gradient[i]!) / norm),
          variable.shape,
        ),
      );
      return loss();
    };
    const slope = (at(1) - at(-1)) / (2 * h);
    variable.assign(tf.tensor(before, variable.shape));
    expect(Math.abs(slope - norm) / norm, `${name}: ${slope} for ${norm}`).toBeLessThan(0.05);
  }
});

test('a training pass leaves no tensor behind', () => {
  const params = PsVaeParams.parse({ n_ae_latents: 4, architecture: strideFive, approx_batch_size: 2 });
  const model = { network: network(shape, 4), params, shape, objective: psVaeObjective };
  const streams = randomStreams(2);
  const trial = trialOf(3, shape, streams.get('data'));
  const noise = streams.get('noise').normals(12);
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    trialGradients(model, trial, noise, { kl: 1, tc: 1 });
  });
  evaluateTrial(model, trial, noise, { kl: 1, tc: 1 }, true);
  expect(tf.memory().numTensors).toBe(before);
});
