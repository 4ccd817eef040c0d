import * as tf from '@tensorflow/tfjs-core';
import { fromHost, haarOrthogonal, randomStreams, valueAndGradients } from '@trawl/nn';
import { beforeAll, describe, expect, test } from 'vitest';
import { tripletLoss } from '../msps-vae/loss.js';
import { drawTriplets } from './joint.js';
import type { Objective } from './loss.js';
import {
  decomposedKl,
  gaussianLogLikelihood,
  klToStandardNormal,
  logDensity,
  psVaeLoss,
  psVaeObjective,
  squaredError,
  withConstants,
} from './loss.js';
import type { PsVaeNetwork } from './network.js';
import { aeObjective, betaTcVaeObjective, vaeObjective } from './objectives.js';
import { psVaeNetwork } from './network.js';
import type { Model } from './passes.js';
import { reportsOf, trialGradients } from './passes.js';
import { PsVaeParams } from './params.js';
import { weightsAt } from './schedule.js';
import { addTrial, metricsOf, splitSums } from './sums.js';
import { flat, fromTorch, inputs, nhwc, trialOf, vectors } from './vectors.testing.js';

const { frames: M, height, width, channels, labels, latents } = inputs;
const A = vectors.A_losses;
const VALUE = 1e-5;
const GRADIENT = 1e-4;

const scalar = (value: tf.Tensor): number => value.dataSync()[0] ?? Number.NaN;

/** Relative error; below 0.01 the error as a share of 0.01. */
const off = (got: number, wanted: number): number => Math.abs(got - wanted) / Math.max(Math.abs(wanted), 0.01);

/** Largest error as a share of the largest wanted entry; NaN when lengths differ. */
function worst(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (got.length !== wanted.length) return Number.NaN;
  const largest = Array.from(wanted).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return Array.from(wanted).reduce((a, b, i) => Math.max(a, Math.abs(b - (got[i] ?? Number.NaN))), 0) / largest;
}

const frames4d = (values: Float32Array): tf.Tensor4D => tf.tensor4d(values, [M, height, width, channels]);
const labels2d = (values: Float32Array): tf.Tensor2D => tf.tensor2d(values, [M, labels]);
/** Columns from `from` on of one of the vectors' [8, 5] inputs. */
const latents2d = (name: keyof typeof vectors.A_inputs, from = 0, size = -1, rows = -1): tf.Tensor2D =>
  tf.slice(tf.tensor2d(flat(vectors.A_inputs[name]), [M, latents]), [0, from], [rows, size]);

function decomposedOf(rows: number, from: number, size: number): number[] {
  const part = (name: 'z_behavenet' | 'mu' | 'logvar') => latents2d(name, from, size, rows);
  const { mi, tc, dwkl } = decomposedKl(part('z_behavenet'), part('mu'), part('logvar'));
  return [mi, tc, dwkl].map(scalar);
}

const overlap = (rows: readonly (readonly number[])[]): number => {
  const u = tf.tensor2d(rows.map((row) => [...row]));
  return scalar(tf.mean(tf.square(tf.sub(tf.matMul(u, u, false, true), tf.eye(rows.length)))));
};

const threeLatents = (t: tf.Tensor): tf.Tensor2D => tf.reshape(t, [M, 3]);

/** The same checks for every backend. */
export function lossSuite(): void {
  describe('losses against BehaveNet', () => {
    lossesAgainstBehaveNet();
  });
  describe('a whole PSVAE against BehaveNet', () => {
    modelAgainstBehaveNet();
  });
  describe('chunks', () => {
    chunks();
  });
}

function lossesAgainstBehaveNet(): void {
  test('Gaussian log-likelihood and squared error, masked and not', () => {
    const pixels = height * width * channels;
    const error = squaredError(frames4d(inputs.x), frames4d(inputs.xHat), null);
    const masked = squaredError(frames4d(inputs.x), frames4d(inputs.xHat), frames4d(inputs.xMask));
    const frames = (of: tf.Scalar, std: number) => scalar(gaussianLogLikelihood(of, pixels, std));
    expect(off(frames(error, 1), A.gaussian_ll_frames.f64)).toBeLessThan(VALUE);
    expect(off(frames(masked, 1), A.gaussian_ll_frames_masked.f64)).toBeLessThan(VALUE);
    expect(off(frames(error, 0.1), A.gaussian_ll_frames_std0p1.f64)).toBeLessThan(VALUE);
    expect(off(scalar(error) / pixels, A.mse_frames.f64)).toBeLessThan(VALUE);
    expect(off(scalar(masked) / pixels, A.mse_frames_masked.f64)).toBeLessThan(VALUE);
    const ofLabels = (mask: tf.Tensor | null) =>
      scalar(gaussianLogLikelihood(squaredError(labels2d(inputs.y), labels2d(inputs.yHat), mask), labels, 1));
    expect(off(ofLabels(null), A.gaussian_ll_labels.f64)).toBeLessThan(VALUE);
    expect(off(ofLabels(labels2d(inputs.yMask)), A.gaussian_ll_labels_masked.f64)).toBeLessThan(VALUE);
  });

  test.each([
    ['all5', 0, 5],
    ['supervised2', 0, 2],
    ['unsupervised3', 2, 3],
  ] as const)('KL to the standard normal, %s', (name, from, size) => {
    const kl = klToStandardNormal(latents2d('mu', from, size), latents2d('logvar', from, size));
    expect(off(scalar(kl), A[`kl_div_to_std_normal_${name}`].f64)).toBeLessThan(VALUE);
  });

  test.each(['behavenet', 'textbook'] as const)('decomposed KL, %s sample', (sampling) => {
    const terms = (from: number): [number, number, number] => {
      const of = [latents2d(`z_${sampling}`, from), latents2d('mu', from), latents2d('logvar', from)] as const;
      const { mi, tc, dwkl } = decomposedKl(...of);
      return [scalar(mi), scalar(tc), scalar(dwkl)];
    };
    expect(worst(terms(0), A[`decomposed_kl_all5_${sampling}_sample`].f64)).toBeLessThan(VALUE);
    expect(worst(terms(2), A[`decomposed_kl_unsup3_${sampling}_sample`].f64)).toBeLessThan(VALUE);
    const wanted = vectors.A_decomposition_check[`${sampling}_sample`]['mean_j(log q(z|x) - log p(z))'];
    const [mi, tc, dwkl] = terms(0);
    expect(off(mi + tc + dwkl, wanted)).toBeLessThan(VALUE);
  });

  test('what the baselines minimise is made of the same terms', () => {
    const [mean, logvar, z] = [latents2d('mu'), latents2d('logvar'), latents2d('z_textbook')];
    const none = tf.zeros<tf.Rank.R2>([M, 0]);
    const frames = { x: frames4d(inputs.x), xHat: frames4d(inputs.xHat), xMask: null };
    const input = { ...frames, y: none, yHat: none, yMask: null, z, mean, logvar };
    const options = { alpha: 0, frameStd: 1, weights: { kl: 0.5, tc: 3 } };
    const of = (objective: Objective) => {
      const values = objective.loss(input, options);
      expect(Object.keys(values).sort()).toEqual([...objective.terms].sort());
      return scalar(values.loss);
    };
    const ll = A.gaussian_ll_frames.f64;
    const [mi, tc, dwkl] = A.decomposed_kl_all5_textbook_sample.f64;
    expect(off(of(aeObjective), A.mse_frames.f64)).toBeLessThan(VALUE);
    expect(off(of(vaeObjective), 3 * A.kl_div_to_std_normal_all5.f64 - ll)).toBeLessThan(VALUE);
    expect(off(of(betaTcVaeObjective), 0.5 * (mi + dwkl) + 3 * tc - ll)).toBeLessThan(VALUE);
  });

  test('decomposed KL: one latent has no TC, one frame no ICMI, and no latent nothing', () => {
    expect(worst(decomposedOf(M, 2, 1), A.decomposed_kl_1dim_behavenet_sample.f64)).toBeLessThan(VALUE);
    expect(decomposedOf(M, 2, 1)[1]).toBeCloseTo(0, 6);
    expect(worst(decomposedOf(1, 2, 3), A.decomposed_kl_batch1_behavenet_sample.f64)).toBeLessThan(VALUE);
    expect(decomposedOf(M, 5, 0)).toEqual([0, 0, 0]);
  });

  test.each(['behavenet', 'textbook'] as const)('ICMI, TC and DWKL by themselves, %s sample', (sampling) => {
    const { mi, tc, dwkl } = decomposedKl(latents2d(`z_${sampling}`, 2), latents2d('mu', 2), latents2d('logvar', 2));
    expect(off(scalar(mi), A[`index_code_mi_unsup3_${sampling}_sample`].f64)).toBeLessThan(VALUE);
    expect(off(scalar(tc), A[`total_correlation_unsup3_${sampling}_sample`].f64)).toBeLessThan(VALUE);
    expect(off(scalar(dwkl), A[`dimension_wise_kl_unsup3_${sampling}_sample`].f64)).toBeLessThan(VALUE);
  });

  test('the squared error a pixel is what BehaveNet makes of the log-likelihood, masked pixels counted', () => {
    const of = (mask: tf.Tensor | null) => {
      const error = squaredError(frames4d(inputs.x), frames4d(inputs.xHat), mask);
      return scalar(error) / (height * width * channels);
    };
    expect(off(of(null), A.gaussian_ll_to_mse_frames.f64)).toBeLessThan(VALUE);
    const masked = of(frames4d(inputs.xMask));
    expect(off(masked, A.gaussian_ll_to_mse_frames_masked_wrong_by_design.f64)).toBeLessThan(VALUE);
  });

  test('the triplet loss of two constant sessions', () => {
    const { z, loss } = vectors.D_triplet_two_sessions_constant;
    const triplets = drawTriplets([6, 6], randomStreams(1).get('triplets'));
    expect(off(scalar(tripletLoss(tf.tensor2d(flat(z), [12, 3]), triplets)), loss)).toBeLessThan(VALUE);
  });

  test('gradients of the triplet loss are those of finite differences', () => {
    const triplets = drawTriplets([7, 6], randomStreams(2).get('triplets'));
    const z = randomStreams(3).get('z').normals(26);
    const at = (values: Float32Array) => scalar(tripletLoss(tf.tensor2d(values, [13, 2]), triplets));
    const gradient = tf
      .grad((t: tf.Tensor) => tripletLoss(tf.reshape(t, [13, 2]), triplets))(tf.tensor1d(z))
      .dataSync();
    const slopes = z.map((_, i) => {
      const moved = (by: number) => at(z.map((value, j) => (i === j ? value + by : value)));
      return (moved(0.01) - moved(-0.01)) / 0.02;
    });
    expect(worst(gradient, slopes)).toBeLessThan(0.02);
  });

  test('A and B overlap nowhere: the term that BehaveNet dropped is 0 for our rotation', () => {
    for (const { A: a, B: b, f64 } of [A.subspace_overlap_orthogonal, A.subspace_overlap_random]) {
      expect(off(overlap([...a, ...b]), f64)).toBeLessThan(VALUE);
    }
    const rotation = haarOrthogonal(5, randomStreams(4).get('rotation'));
    expect(overlap(Array.from({ length: 5 }, (_, i) => [...rotation.subarray(5 * i, 5 * i + 5)]))).toBeLessThan(1e-12);
  });

  test('a collapsed code has ICMI, TC and DWKL of 0 with the constants', () => {
    const zeros = tf.zeros<tf.Rank.R2>([M, 3]);
    const { mi, tc, dwkl } = decomposedKl(latents2d('eps', 2), zeros, zeros);
    const raw = { mi: scalar(mi), tc: scalar(tc), dwkl: scalar(dwkl) };
    const full = withConstants(raw, M, 3);
    for (const value of Object.values(full)) expect(value).toBeCloseTo(0, 5);
    expect(full.mi + full.tc + full.dwkl).toBeCloseTo(raw.mi + raw.tc + raw.dwkl, 10);
  });

  test('log densities of every sample under every posterior', () => {
    const [z, mu, lv] = [latents2d('z_behavenet', 2), latents2d('mu', 2), latents2d('logvar', 2)];
    const d = logDensity(tf.expandDims(z, 1), tf.expandDims(mu, 0), tf.expandDims(lv, 0));
    expect(worst(d.dataSync(), flat(A.gaussian_log_density_unsummed_unsup3))).toBeLessThan(VALUE);
  });

  test.each([
    ['mi', 'icmi'],
    ['tc', 'tc'],
    ['dwkl', 'dwkl'],
  ] as const)('gradients of %s', (term, name) => {
    const gradients = tf.grads(
      (z: tf.Tensor, mu: tf.Tensor, lv: tf.Tensor) =>
        decomposedKl(threeLatents(z), threeLatents(mu), threeLatents(lv))[term],
    );
    const [z, mu, logvar] = gradients([latents2d('z_behavenet', 2), latents2d('mu', 2), latents2d('logvar', 2)]);
    for (const [by, gradient] of Object.entries({ z, mu, logvar })) {
      const wanted = Object.entries(A[`grad_${name}_unsup3`]).find(([key]) => key === by)?.[1];
      expect(worst(gradient?.dataSync() ?? [], flat(wanted ?? []))).toBeLessThan(GRADIENT);
    }
  });
}

function modelAgainstBehaveNet(): void {
  const model = vectors.B_models.strides_2_2;
  const architecture = [4, 8].map((depth) => ({ channels: depth, kernel: 5, stride: 2 }));
  const bottom = [8, 4, 4] as const;
  let network: PsVaeNetwork;
  beforeAll(() => {
    network = psVaeNetwork(
      { height, width, channels, labels, background: 0 },
      { architecture, n_ae_latents: latents, sampling: 'behavenet' },
      randomStreams(0),
    );
    fromHost(network.variables, fromTorch(model.weights, bottom));
    fromHost(network.frozen, fromTorch(model.weights, bottom));
  });
  const forward = () => {
    const x = frames4d(inputs.x);
    const { mean, logvar } = network.encode(x);
    const z = network.sample(mean, logvar, tf.tensor2d(inputs.noise, [M, latents]));
    return { x, mean, logvar, z, xHat: network.decode(z), yHat: network.predictLabels(mean) };
  };

  test('forward, sampled and from means', () => {
    const wanted = model.forward_sampled;
    const got = forward();
    expect(worst(got.mean.dataSync(), flat(wanted.mu))).toBeLessThan(VALUE);
    expect(worst(got.logvar.dataSync(), flat(wanted.logvar))).toBeLessThan(VALUE);
    expect(worst(got.z.dataSync(), flat(wanted.z))).toBeLessThan(VALUE);
    expect(worst(got.yHat.dataSync(), flat(wanted.y_hat))).toBeLessThan(VALUE);
    expect(worst(got.xHat.dataSync(), nhwc(wanted.x_hat))).toBeLessThan(VALUE);
    const fromMeans = network.decode(got.mean).dataSync();
    expect(worst(fromMeans, nhwc(model.forward_use_mean.x_hat))).toBeLessThan(VALUE);
  });

  test('labels are predicted by a scale and a shift each, and back', () => {
    const { weight, bias, input, output } = A.diag_linear;
    const own = psVaeNetwork(
      { height, width, channels, labels, background: 0 },
      { architecture, n_ae_latents: latents, sampling: 'behavenet' },
      randomStreams(0),
    );
    own.variables.get('labels.scale')?.assign(tf.tensor1d(weight));
    own.variables.get('labels.shift')?.assign(tf.tensor1d(bias));
    expect(worst(own.predictLabels(tf.tensor2d(input)).dataSync(), flat(output))).toBeLessThan(VALUE);
    own.dispose();
    const { mean, yHat } = forward();
    const transformed = tf.concat2d([yHat, tf.slice(mean, [0, labels], [-1, -1])], 1);
    expect(worst(transformed.dataSync(), flat(model.get_transformed_latents))).toBeLessThan(VALUE);
    // As a traversal sets a latent from a label.
    const [scale, shift] = ['labels.scale', 'labels.shift'].map((name) => network.variables.get(name)!);
    const back = tf.div(tf.sub(yHat, shift!), scale!);
    const supervised = tf.slice(mean, [0, 0], [-1, labels]);
    expect(worst(back.dataSync(), supervised.dataSync())).toBeLessThan(
      VALUE + model.inverse_transform_roundtrip_maxabs,
    );
  });

  test.each(Object.entries(model.loss_cases))('%s', (name, { epoch, f64, grad }) => {
    const [alpha, annealEpochs, beta] = [1000, 10, 5];
    const { values, gradients } = valueAndGradients(network.variables, () =>
      psVaeLoss(
        {
          ...forward(),
          xMask: name.includes('frame_and') ? frames4d(inputs.xMask) : null,
          y: labels2d(inputs.y),
          yMask: name.includes('label_masks') ? labels2d(inputs.yMask) : null,
        },
        { alpha, frameStd: 1, weights: weightsAt(epoch, annealEpochs, beta) },
      ),
    );
    const broken = Object.entries(values).filter(
      ([term, tensor]) => !(off(scalar(tensor), f64[term.replace('_raw', '')] ?? Number.NaN) < VALUE),
    );
    expect(broken.map(([term]) => term)).toEqual([]);
    if (!grad) return;
    const wanted = fromTorch(grad, bottom);
    expect([...gradients.keys()].sort()).toEqual(Object.keys(wanted).sort());
    const wrong = [...gradients].filter(([variable, gradient]) => {
      const { shape, data } = wanted[variable] ?? { shape: [], data: [] };
      return gradient.shape.join() !== shape.join() || !(worst(gradient.dataSync(), data) < GRADIENT);
    });
    expect(wrong.map(([variable]) => variable)).toEqual([]);
  });
}

function chunks(): void {
  const shape = { height: 8, width: 8, channels: 1, labels: 2, background: 0 };
  const streams = randomStreams(3);
  const architecture = [{ channels: 2, kernel: 3, stride: 2 }];
  const params = PsVaeParams.parse({ n_ae_latents: 4, approx_batch_size: 4, architecture });
  let model: Model;
  beforeAll(() => {
    model = { network: psVaeNetwork(shape, params, streams), params, shape, objective: psVaeObjective };
  });
  const weights = { kl: 1, tc: 5 };
  const whole = trialOf(10, shape, streams.get('data'));
  const noise = streams.get('noise').normals(40);
  const part = (start: number, end: number) => ({
    share: (end - start) / 10,
    trial: {
      ...whole,
      nFrames: end - start,
      frames: whole.frames.slice(start * 64, end * 64),
      labels: whole.labels.slice(start * 2, end * 2),
    },
    noise: noise.slice(start * 4, end * 4),
  });
  const parts = [part(0, 4), part(4, 8), part(8, 10)];

  test('a long trial has the frame-weighted mean of its chunks’ gradients, not their sum', () => {
    const { gradients } = trialGradients(model, whole, noise, weights);
    const ofParts = parts.map((one) => trialGradients(model, one.trial, one.noise, weights).gradients);
    const wrong = [...gradients].filter(([name, gradient]) => {
      const wanted = tf.addN(parts.flatMap(({ share }, i) => tf.mul(ofParts[i]?.get(name) ?? [], share)));
      return !(worst(gradient.dataSync(), wanted.dataSync()) < VALUE);
    });
    expect(wrong.map(([name]) => name)).toEqual([]);
  });

  test('a long trial has the frame-weighted mean of its chunks’ terms, loss_data_mse too', () => {
    const metrics = (trial: typeof whole, own: Float32Array): Record<string, number> => {
      const sums = splitSums(2, 2);
      const { reports } = trialGradients(model, trial, own, weights);
      addTrial(sums, reportsOf(model, trial, reports.dataSync<'float32'>()));
      return metricsOf(sums);
    };
    const got = metrics(whole, noise);
    const ofParts = parts.map((one) => metrics(one.trial, one.noise));
    for (const name of ['loss', 'loss_data_mse', 'loss_zu_tc', 'loss_zu_tc_raw', 'loss_label_ll', 'label_mse']) {
      const wanted = parts.reduce((sum, { share }, i) => sum + share * (ofParts[i]?.[name] ?? Number.NaN), 0);
      expect({ name, close: off(got[name] ?? Number.NaN, wanted) < VALUE }).toEqual({ name, close: true });
    }
  });
}
