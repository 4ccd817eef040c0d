import * as tf from '@tensorflow/tfjs-core';
import { betaKlOp, sumOf } from '@trawl/nn';
import type { Distance } from '../vgg/distance.js';
import type { Decoded, Encoded, Images, Phase } from './network.js';
import type { DlpParams } from './params.js';
import type { Gaussian } from './particles.js';

/*
 * The ELBO of DLPv2. Everything is summed over pixels, particles and dimensions, then averaged over the b images.
 * Source: taldatech/ddlp, ObjectDLP.calc_elbo and utils/loss_functions.py, at 5686275.
 */

/** In the arguments of gamma functions. */
export const GAMMA_EPSILON = 1e-5;
/** Standard deviation of offset and scale, and the Beta of transparency, while particles are to be found. */
export const EARLY = { std: 0.1, alpha: 0.2, beta: 0.1 };

/** KL(N(mean, e^logvar) || N(mean0, std0^2)) of every entry. */
export function gaussianKl({ mean, logvar }: { mean: tf.Tensor; logvar: tf.Tensor }, mean0 = 0, std0 = 1): tf.Tensor {
  const logvar0 = 2 * Math.log(std0);
  const spread = tf.add(tf.exp(tf.sub(logvar, logvar0)), tf.square(tf.div(tf.sub(mean, mean0), std0)));
  return tf.mul(tf.sub(spread, tf.add(tf.sub(logvar, logvar0), 1)), 0.5);
}

/** KL of x_i to y_j for all pairs: means and log-variances [b, n, d] and [b, m, d] -> [b, n, m]. */
export function pairwiseKl(
  x: { mean: tf.Tensor3D; logvar: tf.Tensor3D },
  y: { mean: tf.Tensor3D; logvar: tf.Tensor3D },
): tf.Tensor3D {
  const [of, to] = [(t: tf.Tensor3D) => tf.expandDims(t, 2), (t: tf.Tensor3D) => tf.expandDims(t, 1)];
  const logvar = tf.sub(of(x.logvar), to(y.logvar));
  const distance = tf.mul(tf.square(tf.sub(of(x.mean), to(y.mean))), tf.exp(tf.neg(to(y.logvar))));
  return tf.mul(tf.sum(tf.sub(tf.add(tf.exp(logvar), distance), tf.add(logvar, 1)), 3), 0.5);
}

/** sum_j min_i + sum_i min_j of pairs [b, n, m] -> [b]. */
export const chamfer = (pairs: tf.Tensor3D): tf.Tensor1D =>
  tf.add(tf.sum(tf.min(pairs, 1), 1), tf.sum(tf.min(pairs, 2), 1));

/** Chamfer KL of N(x_i, 1) to N(y_j, sigma^2): [b, n, 2] and [b, m, 2] -> [b]. */
export function chamferKl(x: tf.Tensor3D, y: tf.Tensor3D, sigma: number): tf.Tensor1D {
  const lnVariance = 2 * Math.log(sigma);
  return chamfer(
    pairwiseKl({ mean: x, logvar: tf.zerosLike(x) }, { mean: y, logvar: tf.fill<tf.Rank.R3>(y.shape, lnVariance) }),
  );
}

/** Mean of the scale's prior, before the sigmoid. */
export const priorScale = (anchor: number): number => Math.log((0.75 * anchor) / (1 - 0.75 * anchor + 1e-5));

/** Terms in the order of a report. */
export const TERMS = [
  'loss',
  'loss_rec',
  'loss_kl',
  'loss_kl_kp',
  'loss_kl_scale',
  'loss_kl_obj_on',
  'loss_kl_depth',
  'loss_kl_feat',
  'obj_on_l1',
  'mse',
] as const;
export type Term = (typeof TERMS)[number];

/** Of the whole loss, where the reconstruction is perceptual. */
export const PERCEPTUAL_SHARE = 1e-3;

/** [n, rows, channels, columns] -> [n, rows, columns, channels]. */
export const upright = (columns: tf.Tensor4D): tf.Tensor4D => tf.transpose(columns, [0, 1, 3, 2]);

/**
 * loss = beta_rec rec + beta_kl (kp + scale + obj_on + kl_balance (feat + depth)), a thousandth of it with a perceptual
 * `distance`; without (null) rec is the squared error. `mse` is a pixel's, of the image.
 */
export function dlpLoss(
  images: Images,
  encoded: Encoded,
  decoded: Decoded,
  phase: Phase,
  params: DlpParams,
  distance: Distance | null = null,
): Record<Term, tf.Scalar> {
  const b = images.x.shape[0];
  const { kl_balance, anchor_s, sigma } = params;
  const early = phase.warmup || phase.noisy;
  const perImage = (entries: tf.Tensor): tf.Scalar => tf.div<tf.Scalar>(tf.sum(entries), b);
  const { attributes, anchors, prior } = encoded;
  const kl = (of: Gaussian): tf.Scalar => perImage(gaussianKl(of));

  const offset = gaussianKl(
    { mean: attributes.offset, logvar: attributes.offsetLogvar },
    0,
    early ? EARLY.std : params.offset_std,
  );
  const toPrior = tf.mean<tf.Scalar>(chamferKl(anchors, prior.keypoints, sigma));
  const loss_kl_kp = tf.add<tf.Scalar>(tf.mul(toPrior, 0.5 * kl_balance), perImage(offset));
  const scale = { mean: attributes.scale, logvar: attributes.scaleLogvar };
  const loss_kl_scale = perImage(gaussianKl(scale, priorScale(anchor_s), early ? EARLY.std : params.scale_std));
  const [alpha, beta] = early ? [EARLY.alpha, EARLY.beta] : [params.obj_on_alpha, params.obj_on_beta];
  const { a, b: second } = attributes;
  const on = betaKlOp(a, second, tf.fill(a.shape, alpha), tf.fill(a.shape, beta), GAMMA_EPSILON);
  const loss_kl_obj_on = perImage(on);
  const loss_kl_depth = kl({ mean: attributes.depth, logvar: attributes.depthLogvar });
  const loss_kl_feat = tf.add<tf.Scalar>(kl(encoded.features), kl(encoded.background));
  const balanced = tf.mul<tf.Scalar>(tf.add(loss_kl_feat, loss_kl_depth), kl_balance);
  const loss_kl = sumOf([loss_kl_kp, loss_kl_scale, loss_kl_obj_on, balanced]);

  const error = tf.squaredDifference(images.columns, decoded.reconstruction);
  const loss_rec = phase.warmup
    ? glimpseError(encoded, decoded, distance)
    : perImage(distance ? distance(images.x, upright(decoded.reconstruction)) : error);
  const whole = tf.add<tf.Scalar>(tf.mul(loss_rec, params.beta_rec), tf.mul(loss_kl, params.beta_kl));
  return {
    loss: distance ? tf.mul(whole, PERCEPTUAL_SHARE) : whole,
    loss_rec,
    loss_kl,
    loss_kl_kp,
    loss_kl_scale,
    loss_kl_obj_on,
    loss_kl_depth,
    loss_kl_feat,
    obj_on_l1: perImage(encoded.transparency),
    mse: tf.mean<tf.Scalar>(error),
  };
}

/** Squared error of a glimpse (or another distance), summed over its pixels, alpha ignored; mean over all glimpses. */
function glimpseError({ glimpses }: Encoded, decoded: Decoded, distance: Distance | null): tf.Scalar {
  const [n] = glimpses.shape;
  const rgb = colours(decoded);
  return tf.div<tf.Scalar>(tf.sum(distance ? distance(glimpses, rgb) : tf.squaredDifference(glimpses, rgb)), n);
}

/** Of decoded glimpses, [n, P, P, 4] -> [n, P, P, 3]. */
export function colours({ glimpses }: Decoded): tf.Tensor4D {
  const [n, h, w, c] = glimpses.shape;
  return tf.slice4d(glimpses, [0, 0, 0, 1], [n, h, w, c - 1]);
}
