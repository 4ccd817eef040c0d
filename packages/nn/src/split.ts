import * as tf from '@tensorflow/tfjs-core';

/**
 * `x` cut along an axis into parts of these sizes, which add up to it. The way back puts the parts together once, where a slice
 * for each would fill and add as many arrays of the whole.
 */
export function split<T extends tf.Tensor, const S extends readonly number[]>(
  x: T,
  sizes: S,
  axis: number,
): { -readonly [I in keyof S]: T } {
  // As many as there are sizes, which the type of an array does not say.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return tf.split<T>(x, [...sizes], axis) as unknown as { -readonly [I in keyof S]: T };
}
