import * as tf from '@tensorflow/tfjs-core';

/** Pixel i of `size`, in -1..1. */
const at = (i: number, size: number): number => (size === 1 ? -1 : -1 + (2 * i) / (size - 1));

/**
 * Means of functions of the position, under the softmax of each map over its pixels (a spatial softmax, or soft argmax).
 * maps [n, h, w, k]; `of` takes a pixel's row and column, in -1..1, to m numbers; gives [n, k, m].
 * Source: Finn et al. 2016 (arXiv 1509.06113); its moments as DLPv2 takes them.
 */
export function spatialExpectation(maps: tf.Tensor4D, of: (y: number, x: number) => readonly number[]): tf.Tensor3D {
  const [n, h, w, k] = maps.shape;
  const rows = tf.reshape<tf.Rank.R2>(tf.transpose(maps, [0, 3, 1, 2]), [n * k, h * w]);
  const values = tf.tensor2d(Array.from({ length: h * w }, (_, i) => [...of(at(Math.floor(i / w), h), at(i % w, w))]));
  return tf.reshape(tf.matMul(tf.softmax(rows), values), [n, k, values.shape[1]]);
}
