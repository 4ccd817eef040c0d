import * as tf from '@tensorflow/tfjs-core';

/**
 * Sum of at least one tensor, all of one shape, in the order given. TensorFlow's AddN begins with whichever input nobody else
 * holds any more, to add in its place, so that its last bits are another run's when JavaScript lets go at another moment.
 */
export function sumOf<T extends tf.Tensor>(terms: readonly T[]): T {
  return terms.reduce((sum, term) => tf.add<T>(sum, term));
}
