import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from '../contract.js';
import { betaDraw, betaKl, betaSlopes } from './beta.js';

/* Beta draws and divergences as ops with gradients. They are computed on the host: a step waits for the parameters once. */

/** The largest float32 below 1, and the smallest normal one: where torch clamps its draws. */
const MOST = 1 - 2 ** -24;
const LEAST = 1.1754944e-38;

/** A value and its slope by every input, elementwise and on the host. */
function hostOp(
  inputs: readonly tf.Tensor[],
  shape: number[],
  compute: (...values: number[]) => readonly [value: number, ...slopes: number[]],
): tf.Tensor {
  const op = tf.customGrad(() => {
    const host = inputs.map((tensor) => tensor.dataSync<'float32'>());
    const length = tf.util.sizeFromShape(shape);
    const value = new Float32Array(length);
    const slopes = inputs.map(() => new Float32Array(length));
    for (let i = 0; i < length; i += 1) {
      const [v, ...by] = compute(...host.map((values) => values[i] ?? Number.NaN));
      value[i] = v;
      slopes.forEach((slope, k) => (slope[i] = by[k] ?? 0));
    }
    return {
      value: tf.tensor(value, shape),
      gradFunc: (dy: tf.Tensor) => slopes.map((slope) => tf.mul(dy, tf.tensor(slope, shape))),
    };
  });
  return op(...inputs);
}

/** A draw of Beta(a, b) for every element, with its implicit gradient by a and b; all of one shape. */
export function betaSample<R extends tf.Rank>(a: tf.Tensor<R>, b: tf.Tensor<R>, stream: RandomStream): tf.Tensor<R> {
  const draw = (alpha: number, beta: number): readonly [number, number, number] => {
    // A diverged network: the loss will tell.
    if (!Number.isFinite(alpha) || !Number.isFinite(beta)) return [Number.NaN, 0, 0];
    const { x, rest } = betaDraw(alpha, beta, stream);
    const { dxda, dxdb } = betaSlopes(alpha, beta, x, rest);
    return [Math.min(MOST, Math.max(LEAST, x)), dxda, dxdb];
  };
  return tf.reshape<R>(hostOp([a, b], a.shape, draw), a.shape);
}

/** KL(Beta(a, b) || Beta(a0, b0)) of every element, with its gradient by all four; all of one shape. */
export function betaKlOp<R extends tf.Rank>(
  a: tf.Tensor<R>,
  b: tf.Tensor<R>,
  a0: tf.Tensor<R>,
  b0: tf.Tensor<R>,
  epsilon: number,
): tf.Tensor<R> {
  const kl = hostOp([a, b, a0, b0], a.shape, (...values) => {
    const [alpha = 0, beta = 0, alpha0 = 0, beta0 = 0] = values;
    const all = betaKl(alpha, beta, alpha0, beta0, epsilon);
    return [all.kl, all.da, all.db, all.da0, all.db0];
  });
  return tf.reshape<R>(kl, a.shape);
}
