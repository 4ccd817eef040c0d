import * as tf from '@tensorflow/tfjs-core';

export interface Composite {
  /** Sum of what the particles show, [b, size, c, size]. */
  foreground: tf.Tensor4D;
  /** How much of the background shows, [b, size, 1, size]. */
  backgroundMask: tf.Tensor4D;
  /** How much of each particle shows, [b, k, size, 1, size]. */
  alphaMasks: tf.Tensor5D;
}

/**
 * Particles on their canvases laid over each other by depth, softly: with transparency t and depth d of particle k,
 *
 *   a_k = t_k alpha_k      w_k = a_k sigmoid(-d_k) / (sum_j a_j sigmoid(-d_j) + 1e-5)
 *   foreground = sum_k w_k a_k rgb_k      backgroundMask = 1 - sum_k w_k a_k
 *
 * alpha [b, k, size, 1, size], rgb [b, k, size, c, size], transparency and depth [b * k, 1]; a smaller depth is nearer.
 */
export function composite(
  alpha: tf.Tensor5D,
  rgb: tf.Tensor5D,
  transparency: tf.Tensor2D,
  depth: tf.Tensor2D,
): Composite {
  const [b, k] = alpha.shape;
  const of = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [b, k, 1, 1, 1]);
  const a = tf.mul(alpha, of(transparency));
  const near = tf.mul(a, of(tf.sigmoid(tf.neg(depth))));
  const all = tf.add(tf.sum(near, 1, true), 1e-5);
  const alphaMasks: tf.Tensor5D = tf.mul(tf.div(near, all), a);
  return {
    alphaMasks,
    foreground: tf.sum(tf.mul(alphaMasks, rgb), 1),
    backgroundMask: tf.sub(1, tf.sum(alphaMasks, 1)),
  };
}
