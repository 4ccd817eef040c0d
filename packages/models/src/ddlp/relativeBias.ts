import * as tf from '@tensorflow/tfjs-core';

/** One entry of `table` [2 most - 1, heads] for each distance of a key j from a query i: [heads, length, length]. */
export function relativeBias(table: tf.Tensor2D, length: number): tf.Tensor3D {
  const [rows, heads] = table.shape;
  const most = (rows + 1) / 2;
  const at = Int32Array.from(
    { length: length * length },
    (_, ij) => most - 1 - Math.floor(ij / length) + (ij % length),
  );
  const biases = tf.gather(table, tf.tensor1d(at, 'int32'));
  return tf.transpose(tf.reshape<tf.Rank.R3>(biases, [length, length, heads]), [2, 0, 1]);
}
