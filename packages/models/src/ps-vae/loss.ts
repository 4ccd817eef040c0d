import * as tf from '@tensorflow/tfjs-core';
import type { Triplets } from './batch.js';
import type { Weights } from './schedule.js';

/*
 * Symbols: M frames of a chunk (index j, and i where frames meet frames), latents l, K labels, U unsupervised latents,
 * n entries of one frame. Everything is summed over entries and latents, then averaged over frames; nats.
 * Source: BehaveNet losses.py and vaes.py L603-729 at 5a5568c; MWS: Chen et al. 2018, arXiv 1802.04942.
 */

const LN_2PI = Math.log(2 * Math.PI);

/** Mean over frames of sum_p mask (x - xhat)^2; `x`, `xHat` and `mask` are [M, ...]. */
export function squaredError(x: tf.Tensor, xHat: tf.Tensor, mask: tf.Tensor | null): tf.Scalar {
  const squares = tf.squaredDifference(x, xHat);
  return tf.div(tf.sum(mask ? tf.mul(squares, mask) : squares), x.shape[0] ?? 1);
}

/**
 * Gaussian log-likelihood of a frame of `entries` values with one fixed standard deviation:
 * -n (ln 2pi / 2 + ln std) - error / (2 std^2).
 * A masked entry keeps its constant, so it counts as predicted exactly.
 */
export function gaussianLogLikelihood(error: tf.Scalar, entries: number, std: number): tf.Scalar {
  const constant = entries * (LN_2PI / 2 + Math.log(std));
  return tf.sub(tf.mul(error, -0.5 / std ** 2), constant);
}

/** KL(N(mu, e^lv) || N(0, 1)) = 1/2 sum_l (e^lv - lv + mu^2 - 1); `mu` and `logvar` are [M, d]. */
export function klToStandardNormal(mu: tf.Tensor2D, logvar: tf.Tensor2D): tf.Scalar {
  const perLatent = tf.sub(tf.add(tf.sub(tf.exp(logvar), logvar), tf.square(mu)), 1);
  return tf.mul(tf.mean(tf.sum(perLatent, 1)), 0.5);
}

/** ln N(z; mu, e^lv) = -1/2 ((z - mu)^2 e^-lv + lv + ln 2pi), elementwise with broadcasting. */
export function logDensity(z: tf.Tensor, mu: tf.Tensor, logvar: tf.Tensor): tf.Tensor {
  // Not tf.squaredDifference: its gradient does not sum over broadcast axes.
  const scaled = tf.mul(tf.square(tf.sub(z, mu)), tf.exp(tf.neg(logvar)));
  return tf.mul(tf.add(tf.add(scaled, logvar), LN_2PI), -0.5);
}

export type DecomposedKl = Record<'mi' | 'tc' | 'dwkl', tf.Scalar>;

/**
 * Index-code mutual information, total correlation and dimension-wise KL by minibatch-weighted sampling, without the
 * estimator's constants (`withConstants` adds them):
 *
 *   d[j,i,l] = ln N(z_jl; mu_il, e^lv_il)     q_j = lse_i sum_l d     qx_j = sum_l d[j,j,l]
 *   qp_j = sum_l lse_i d     p_j = sum_l ln N(z_jl; 0, 1)
 *   ICMI = mean_j (qx - q)     TC = mean_j (q - qp)     DWKL = mean_j (qp - p)
 *
 * `z`, `mu`, `logvar` are [M, U]; with U = 0 all three are 0.
 */
export function decomposedKl(z: tf.Tensor2D, mu: tf.Tensor2D, logvar: tf.Tensor2D): DecomposedKl {
  if (z.shape[1] === 0) return { mi: tf.scalar(0), tc: tf.scalar(0), dwkl: tf.scalar(0) };
  const d = logDensity(tf.expandDims(z, 1), tf.expandDims(mu, 0), tf.expandDims(logvar, 0));
  const q = tf.logSumExp(tf.sum(d, 2), 1);
  const qx = tf.sum(logDensity(z, mu, logvar), 1);
  const qp = tf.sum(tf.logSumExp(d, 1), 1);
  const p = tf.sum(tf.mul(tf.add(tf.square(z), LN_2PI), -0.5), 1);
  return { mi: tf.mean(tf.sub(qx, q)), tc: tf.mean(tf.sub(q, qp)), dwkl: tf.mean(tf.sub(qp, p)) };
}

/**
 * The decomposition with q(z) = 1/M sum_i q(z|x_i), the mixture of the chunk's own posteriors: ICMI lies in [0, ln M] and
 * a collapsed code has 0, 0, 0. Their sum is that of the raw terms. (MWS proper takes ln(N M) of N frames of data for
 * ln M, which puts ICMI above its bound ln N and makes a collapsed code's DWKL negative.)
 */
export function withConstants(
  raw: { mi: number; tc: number; dwkl: number },
  frames: number,
  unsupervised: number,
): { mi: number; tc: number; dwkl: number } {
  if (unsupervised === 0) return raw;
  const c = Math.log(frames);
  return { mi: raw.mi + c, tc: raw.tc + (unsupervised - 1) * c, dwkl: raw.dwkl - unsupervised * c };
}

export interface LossInput {
  /** [M, height, width, channels], 0..1. */
  x: tf.Tensor4D;
  xHat: tf.Tensor4D;
  xMask: tf.Tensor4D | null;
  /** [M, K]. */
  y: tf.Tensor2D;
  yHat: tf.Tensor2D;
  yMask: tf.Tensor2D | null;
  /** [M, K + U]: supervised latents first. */
  z: tf.Tensor2D;
  mean: tf.Tensor2D;
  logvar: tf.Tensor2D;
  /** Of a batch of several sessions. */
  triplets?: Triplets;
}

/** Terms in the order of a report; `_raw` is without the estimator's constants. */
export const TERMS = [
  'loss',
  'loss_data_ll',
  'loss_label_ll',
  'loss_zs_kl',
  'loss_zu_mi_raw',
  'loss_zu_tc_raw',
  'loss_zu_dwkl_raw',
  'loss_data_mse',
] as const;
export type PsVaeTerm = (typeof TERMS)[number];
/** Of any model of the family. */
export type Term = PsVaeTerm | 'loss_kl' | 'loss_triplet';

export interface LossOptions {
  alpha: number;
  frameStd: number;
  weights: Weights;
}

/** What a model minimises, and the terms that it reports. */
export interface Objective {
  terms: readonly Term[];
  loss(input: LossInput, options: LossOptions): Partial<Record<Term, tf.Scalar>> & { loss: tf.Scalar };
}

/** loss = -LL(frames) - alpha LL(labels) + KL(supervised) + kl ICMI + tc TC + kl DWKL; labels have std 1. */
export function psVaeLoss(
  { x, xHat, xMask, y, yHat, yMask, z, mean, logvar }: LossInput,
  { alpha, frameStd, weights }: LossOptions,
): Record<PsVaeTerm, tf.Scalar> {
  const pixels = x.size / x.shape[0];
  const labels = y.shape[1];
  const supervised = (t: tf.Tensor2D) => tf.slice(t, [0, 0], [-1, labels]);
  const unsupervised = (t: tf.Tensor2D) => tf.slice(t, [0, labels], [-1, -1]);

  const pixelError = squaredError(x, xHat, xMask);
  const dataLl = gaussianLogLikelihood(pixelError, pixels, frameStd);
  const labelLl = gaussianLogLikelihood(squaredError(y, yHat, yMask), labels, 1);
  const kl = klToStandardNormal(supervised(mean), supervised(logvar));
  const { mi, tc, dwkl } = decomposedKl(unsupervised(z), unsupervised(mean), unsupervised(logvar));
  const fit = tf.add(dataLl, tf.mul(labelLl, alpha));
  const regularised = tf.add(tf.mul(tf.add(mi, dwkl), weights.kl), tf.mul(tc, weights.tc));
  return {
    loss: tf.add(tf.sub(kl, fit), regularised),
    loss_data_ll: dataLl,
    loss_label_ll: labelLl,
    loss_zs_kl: kl,
    loss_zu_mi_raw: mi,
    loss_zu_tc_raw: tc,
    loss_zu_dwkl_raw: dwkl,
    loss_data_mse: tf.div(pixelError, pixels),
  };
}

export const psVaeObjective: Objective = { terms: TERMS, loss: psVaeLoss };
