import type * as tf from '@tensorflow/tfjs-core';

/** What an op of unknown type gave, as the images that it is: no copy, and no kernel. */
export function rank4(x: tf.Tensor): tf.Tensor4D {
  if (!is4D(x)) throw new Error(`wanted rank 4, got [${x.shape.join(', ')}]`);
  return x;
}

const is4D = (x: tf.Tensor): x is tf.Tensor4D => x.rank === 4;
