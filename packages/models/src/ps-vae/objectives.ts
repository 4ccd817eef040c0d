import * as tf from '@tensorflow/tfjs-core';
import type { LossInput, LossOptions, Objective } from './loss.js';
import { decomposedKl, gaussianLogLikelihood, klToStandardNormal, squaredError } from './loss.js';

/* What the baselines minimise; all their latents are unsupervised. Symbols as in loss.ts. */

function frameTerms({ x, xHat, xMask }: LossInput, frameStd: number) {
  const pixels = x.size / x.shape[0];
  const error = squaredError(x, xHat, xMask);
  return { ll: gaussianLogLikelihood(error, pixels, frameStd), mse: tf.div<tf.Scalar>(error, pixels) };
}

/**
 * loss = -LL(frames) + tc KL, KL of all latents in closed form; its decomposition is reported, not minimised.
 * Source: BehaveNet vaes.py L60-190 (there the weight falls to 1 after the ramp; here it stays at beta).
 */
function vaeLoss(input: LossInput, { frameStd, weights }: LossOptions) {
  const { ll, mse } = frameTerms(input, frameStd);
  const kl = klToStandardNormal(input.mean, input.logvar);
  const { mi, tc, dwkl } = decomposedKl(input.z, input.mean, input.logvar);
  return {
    loss: tf.sub<tf.Scalar>(tf.mul(kl, weights.tc), ll),
    loss_data_ll: ll,
    loss_kl: kl,
    loss_zu_mi_raw: mi,
    loss_zu_tc_raw: tc,
    loss_zu_dwkl_raw: dwkl,
    loss_data_mse: mse,
  };
}

export const vaeObjective: Objective = {
  terms: ['loss', 'loss_data_ll', 'loss_kl', 'loss_zu_mi_raw', 'loss_zu_tc_raw', 'loss_zu_dwkl_raw', 'loss_data_mse'],
  loss: vaeLoss,
};

/** loss = -LL(frames) + kl ICMI + tc TC + kl DWKL. Source: Chen et al. 2018, arXiv 1802.04942. */
function betaTcVaeLoss(input: LossInput, { frameStd, weights }: LossOptions) {
  const { ll, mse } = frameTerms(input, frameStd);
  const { mi, tc, dwkl } = decomposedKl(input.z, input.mean, input.logvar);
  const regularised = tf.add(tf.mul(tf.add(mi, dwkl), weights.kl), tf.mul(tc, weights.tc));
  return {
    loss: tf.sub<tf.Scalar>(regularised, ll),
    loss_data_ll: ll,
    loss_zu_mi_raw: mi,
    loss_zu_tc_raw: tc,
    loss_zu_dwkl_raw: dwkl,
    loss_data_mse: mse,
  };
}

export const betaTcVaeObjective: Objective = {
  terms: ['loss', 'loss_data_ll', 'loss_zu_mi_raw', 'loss_zu_tc_raw', 'loss_zu_dwkl_raw', 'loss_data_mse'],
  loss: betaTcVaeLoss,
};

/** loss = squared error a pixel. Source: BehaveNet losses.py `mse`. */
export const aeObjective: Objective = {
  terms: ['loss', 'loss_data_mse'],
  loss(input) {
    const { mse } = frameTerms(input, 1);
    return { loss: mse, loss_data_mse: mse };
  },
};
