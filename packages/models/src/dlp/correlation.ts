import * as tf from '@tensorflow/tfjs-core';
import { replicatePad } from '@trawl/nn';

/**
 * Where in each glimpse the one of the frame before is: normalised cross-correlation, summed over colours, for shifts of up
 * to half a glimpse, scaled to 0..1 in each map. Glimpses [n, P, P, c] -> [n, P, P, 1]. Called where no gradient is kept.
 * (The norm of the previous glimpses is that of all of them together, as the original has it; scaling takes it out again.)
 */
export function correlationMaps(glimpses: tf.Tensor4D, previous: tf.Tensor4D): tf.Tensor4D {
  const [n, side, , c] = glimpses.shape;
  const first = Math.floor(side / 2) + 1;
  const reach = 2 * side - 1;
  const around = tf.slice4d(replicatePad(glimpses, side), [0, first, first, 0], [n, reach, reach, c]);
  // Every glimpse and colour a channel of one image, with a filter of its own.
  const asChannels = (t: tf.Tensor4D): tf.Tensor =>
    tf.reshape(tf.transpose(t, [1, 2, 0, 3]), [t.shape[1], t.shape[2], n * c]);
  const image = tf.reshape<tf.Rank.R4>(asChannels(around), [1, reach, reach, n * c]);
  const filter = tf.reshape<tf.Rank.R4>(asChannels(previous), [side, side, n * c, 1]);
  const products = tf.reshape(tf.depthwiseConv2d(image, filter, 1, 'valid'), [side, side, n, c]);
  const match = tf.transpose(tf.sum(products, 3), [2, 0, 1]);
  const energy = tf.sum<tf.Tensor4D>(tf.square(around), 3, true);
  const box = tf.conv2d(energy, tf.ones<tf.Rank.R4>([side, side, 1, 1]), 1, 'valid');
  const norm = tf.sqrt(tf.add(tf.mul(tf.sum(tf.square(previous)), tf.reshape(box, [n, side, side])), 1e-10));
  const maps = tf.div(match, tf.add(norm, 1e-5));
  const low = tf.min(maps, [1, 2], true);
  const spread = tf.add(tf.sub(tf.max(maps, [1, 2], true), low), 1e-5);
  return tf.reshape(tf.div(tf.sub(maps, low), spread), [n, side, side, 1]);
}
