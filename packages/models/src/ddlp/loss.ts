import * as tf from '@tensorflow/tfjs-core';
import { betaKlOp, sumOf } from '@trawl/nn';
import {
  chamferKl,
  colours,
  EARLY,
  gaussianKl,
  GAMMA_EPSILON,
  PERCEPTUAL_SHARE,
  priorScale,
  upright,
} from '../dlp/loss.js';
import type { Distance } from '../vgg/distance.js';
import type { DlpParams } from '../dlp/params.js';
import type { Decoded, Phase } from '../dlp/particleModel.js';
import type { Gaussian } from '../dlp/particles.js';
import { stopped } from '../dlp/stop.js';
import type { DynamicsParams, EncodedVideo } from './network.js';
import type { DdlpParams } from './params.js';
import type { Forecast } from './pint.js';

/*
 * The ELBO of DDLP: the first `num_static_frames` frames against constant priors, the others against what was predicted of
 * them, discounted while the dynamics learn. Sums over frames, particles, dimensions and pixels; mean over clips.
 * Source: taldatech/ddlp, ObjectDynamicsDLP.calc_elbo, at 5686275.
 */

type Params = DlpParams & DynamicsParams & Pick<DdlpParams, 'beta_dyn' | 'beta_dyn_rec'>;

export const VIDEO_TERMS = [
  'loss',
  'loss_rec',
  'loss_kl',
  'loss_kl_dyn',
  'loss_kl_kp',
  'loss_kl_scale',
  'loss_kl_obj_on',
  'loss_kl_depth',
  'loss_kl_feat',
  'obj_on_l1',
  'mse',
] as const;
export type VideoTerm = (typeof VIDEO_TERMS)[number];

/** KL(N(mean, e^logvar) || N(mean0, e^logvar0)) of every entry. */
export function gaussianKlTo(posterior: Gaussian, prior: Gaussian): tf.Tensor {
  const logvar = tf.sub(posterior.logvar, prior.logvar);
  const distance = tf.mul(tf.square(tf.sub(posterior.mean, prior.mean)), tf.exp(tf.neg(prior.logvar)));
  return tf.mul(tf.sub(tf.add(tf.exp(logvar), distance), tf.add(logvar, 1)), 0.5);
}

/**
 * How far the frames after the static ones count at an iteration, later ones later; one weight a frame, 0..1.
 * `iteration` counts training steps since the dynamics began.
 */
export function dynamicDiscount(
  iteration: number,
  stepsPerEpoch: number,
  params: Pick<DdlpParams, 'warmup_epoch' | 'timestep_horizon' | 'num_static_frames' | 'discount_steps'>,
): number[] {
  const { timestep_horizon: horizon, num_static_frames } = params;
  const whole = Math.max(params.warmup_epoch, 1) * Math.max(params.discount_steps, stepsPerEpoch);
  const step = Math.max(1, Math.floor(whole / horizon));
  return Array.from({ length: horizon + 1 - num_static_frames }, (_, i) =>
    Math.min(1, Math.max(0, iteration / (step * (i + 1)))),
  );
}

/** `clips` [b, t, size, c, size]: rows, channels, columns, as the decoder has them. */
export function ddlpLoss(
  clips: tf.Tensor5D,
  encoded: EncodedVideo,
  decoded: Decoded,
  forecast: Forecast,
  discount: readonly number[],
  phase: Phase,
  params: Params,
  distance: Distance | null = null,
): Record<VideoTerm, tf.Scalar> {
  const [b, t] = clips.shape;
  const statics = params.num_static_frames;
  const futures = t - statics;
  const k = params.n_kp_enc;
  const { kl_balance, anchor_s, sigma, reference } = params;
  const early = phase.warmup || phase.noisy;
  const { attributes, features, background } = encoded;

  /** Sum of the entries of each clip and frame: rows [b * t * (k or 1), ...] -> [b, frames]. */
  const perFrame = (entries: tf.Tensor, frames: number): tf.Tensor2D => tf.sum(tf.reshape(entries, [b, frames, -1]), 2);
  const ofStatics = (entries: tf.Tensor): tf.Scalar =>
    tf.div<tf.Scalar>(tf.sum(tf.slice2d(perFrame(entries, t), [0, 0], [b, statics])), b);
  const standard = (mean: tf.Tensor2D, logvar: tf.Tensor2D): tf.Scalar => ofStatics(gaussianKl({ mean, logvar }));

  const offset = { mean: attributes.offset, logvar: attributes.offsetLogvar };
  const scale = { mean: attributes.scale, logvar: attributes.scaleLogvar };
  const anchors = tf.slice4d(tf.reshape(encoded.anchors, [b, t, k, 2]), [0, 0, 0, 0], [b, statics, k, 2]);
  const toPrior = chamferKl(tf.reshape(anchors, [b * statics, k, 2]), encoded.prior.keypoints, sigma);
  const loss_kl_kp = tf.add<tf.Scalar>(
    tf.mul(tf.div(tf.sum(toPrior), b), 0.5 * kl_balance),
    ofStatics(gaussianKl(offset, 0, early ? EARLY.std : params.offset_std)),
  );
  const loss_kl_scale = ofStatics(gaussianKl(scale, priorScale(anchor_s), early ? EARLY.std : params.scale_std));
  const [alpha, beta] = early ? [EARLY.alpha, EARLY.beta] : [params.obj_on_alpha, params.obj_on_beta];
  const { a, b: second } = attributes;
  const fixed = (value: number): tf.Tensor2D => tf.fill(a.shape, value);
  const loss_kl_obj_on = ofStatics(betaKlOp(a, second, fixed(alpha), fixed(beta), GAMMA_EPSILON));
  const loss_kl_depth = standard(attributes.depth, attributes.depthLogvar);
  const far = standard(background.mean, background.logvar);
  // The original sums over frames what it meant to sum over features, and takes the mean over those.
  const farScale = reference ? 1 / (background.mean.shape[1] ?? 1) : 1;
  const loss_kl_feat = tf.add<tf.Scalar>(standard(features.mean, features.logvar), tf.mul(far, farScale));
  const balanced = tf.mul<tf.Scalar>(tf.add(loss_kl_feat, loss_kl_depth), kl_balance);
  const loss_kl = sumOf([loss_kl_kp, loss_kl_scale, loss_kl_obj_on, balanced]);

  const weights = tf.tensor2d(Float32Array.from(discount), [1, futures]);
  /** Of frames from the first predicted one on; of forecasts those of these frames. */
  const late = (entries: tf.Tensor2D, frames: number): tf.Tensor2D => {
    const width = entries.shape[1];
    const rows = tf.reshape(entries, [b, frames, -1, width]);
    const [, , count] = rows.shape;
    const part = tf.slice(rows, [0, frames - futures, 0, 0], [b, futures, count ?? 0, width]);
    return tf.reshape(part, [-1, width]);
  };
  const known = (of: Gaussian): Gaussian => ({ mean: late(of.mean, t), logvar: late(of.logvar, t) });
  const told = (of: Gaussian): Gaussian => ({ mean: late(of.mean, t - 1), logvar: late(of.logvar, t - 1) });
  const posterior = {
    position: {
      mean: tf.add<tf.Tensor2D>(stopped(tf.reshape(encoded.anchors, attributes.offset.shape)), attributes.offset),
      logvar: attributes.offsetLogvar,
    },
    scale,
    depth: { mean: attributes.depth, logvar: attributes.depthLogvar },
    feature: features,
    background,
  };
  const surprise = (name: keyof typeof posterior): tf.Tensor2D =>
    perFrame(gaussianKlTo(known(posterior[name]), told(forecast[name])), futures);
  const on = betaKlOp(late(a, t), late(second, t), late(forecast.a, t - 1), late(forecast.b, t - 1), GAMMA_EPSILON);
  const surprises = sumOf([
    surprise('position'),
    surprise('scale'),
    surprise('depth'),
    surprise('feature'),
    surprise('background'),
    perFrame(on, futures),
  ]);
  const loss_kl_dyn = tf.div<tf.Scalar>(tf.sum(tf.mul(surprises, weights)), b);

  const images = tf.reshape<tf.Rank.R4>(clips, decoded.reconstruction.shape);
  const error = tf.squaredDifference(images, decoded.reconstruction);
  const apart = (): tf.Tensor => (distance ? distance(upright(images), upright(decoded.reconstruction)) : error);
  const errors = perFrame(phase.warmup ? glimpseErrors(encoded, decoded, distance) : apart(), t);
  const later = tf.mul(tf.mul(tf.slice2d(errors, [0, statics], [b, futures]), weights), params.beta_dyn_rec);
  const loss_rec = tf.div<tf.Scalar>(tf.add(tf.sum(tf.slice2d(errors, [0, 0], [b, statics])), tf.sum(later)), b);
  const whole = sumOf([
    tf.mul(loss_rec, params.beta_rec),
    tf.mul(loss_kl, params.beta_kl),
    tf.mul(loss_kl_dyn, params.beta_dyn),
  ]);
  const loss = tf.div<tf.Scalar>(whole, t);
  return {
    loss: distance ? tf.mul(loss, PERCEPTUAL_SHARE) : loss,
    loss_rec,
    loss_kl,
    loss_kl_dyn,
    loss_kl_kp,
    loss_kl_scale,
    loss_kl_obj_on,
    loss_kl_depth,
    loss_kl_feat,
    obj_on_l1: tf.div<tf.Scalar>(tf.sum(encoded.transparency), b * t),
    mse: tf.mean<tf.Scalar>(error),
  };
}

function glimpseErrors({ glimpses }: EncodedVideo, decoded: Decoded, distance: Distance | null): tf.Tensor {
  const rgb = colours(decoded);
  return distance ? distance(glimpses, rgb) : tf.squaredDifference(glimpses, rgb);
}
