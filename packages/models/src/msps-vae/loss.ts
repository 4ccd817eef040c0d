import * as tf from '@tensorflow/tfjs-core';
import type { Triplets } from '../ps-vae/batch.js';
import type { LossInput, LossOptions, Objective } from '../ps-vae/loss.js';
import { psVaeLoss, TERMS } from '../ps-vae/loss.js';

const MARGIN = 1;
/** torch.pairwise_distance adds it to each difference; so the gradient has no pole at 0. */
const EPSILON = 1e-6;

/** Euclidean distance of each row of `a` to that of `b`, both [n, d]. */
function distance(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor1D {
  return tf.sqrt(tf.sum<tf.Tensor1D>(tf.square(tf.add(tf.sub(a, b), EPSILON)), 1));
}

/**
 * sum_i max(d(a_i, p_i) - d(a_i, n_i) + margin, 0) + d(a_i, p_i), divided; `z` is [M, b]. Drawing positives together has a
 * term of its own, beside the hinge.
 * Source: BehaveNet losses.py L402-511 at 5a5568c; margin and norm as torch's TripletMarginLoss.
 */
export function tripletLoss(z: tf.Tensor2D, { anchor, positive, negative, divisor }: Triplets): tf.Scalar {
  const rows = (indices: Int32Array): tf.Tensor2D => tf.gather(z, tf.tensor1d(indices, 'int32'));
  const a = rows(anchor);
  const near = distance(a, rows(positive));
  const far = distance(a, rows(negative));
  const hinge = tf.relu(tf.add(tf.sub(near, far), MARGIN));
  return tf.div(tf.sum(tf.add(hinge, near)), divisor);
}

/**
 * PS-VAE's loss of supervised and unsupervised latents (background latents have no KL), + delta times the triplet loss of
 * their means. Latents are in the order supervised, background, unsupervised.
 * Source: BehaveNet vaes.py L849-1273.
 */
export const mspsVaeObjective = (delta: number, background: number): Objective => ({
  terms: [...TERMS, 'loss_triplet'],
  loss(input: LossInput, options: LossOptions) {
    const labels = input.y.shape[1];
    const without = (t: tf.Tensor2D): tf.Tensor2D =>
      tf.concat2d([tf.slice(t, [0, 0], [-1, labels]), tf.slice(t, [0, labels + background], [-1, -1])], 1);
    const { z, mean, logvar, triplets } = input;
    const terms = psVaeLoss({ ...input, z: without(z), mean: without(mean), logvar: without(logvar) }, options);
    const triplet = triplets ? tripletLoss(tf.slice(mean, [0, labels], [-1, background]), triplets) : tf.scalar(0);
    return { ...terms, loss: tf.add<tf.Scalar>(terms.loss, tf.mul(triplet, delta)), loss_triplet: triplet };
  },
});
