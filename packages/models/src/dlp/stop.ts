import * as tf from '@tensorflow/tfjs-core';

/** Rows [n, width] of one value. */
export const rowsOf = (n: number, width: number, value: number): tf.Tensor2D =>
  tf.tensor2d(new Float32Array(n * width).fill(value), [n, width]);

/** The value of `f` as a constant: no gradient goes through it, and none of its steps is kept. */
export function constant<T extends tf.Tensor>(f: () => T): T {
  // An op of no inputs is nowhere on the way from a weight to the loss.
  const op = tf.customGrad(() => ({ value: f(), gradFunc: () => [] }));
  return op();
}

export const stopped = <T extends tf.Tensor>(x: T): T => constant(() => tf.clone(x));
