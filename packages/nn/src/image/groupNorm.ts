import * as tf from '@tensorflow/tfjs-core';
import { leakyReluGradient } from '../kernels/gradients.js';
import type { GroupNormAttributes } from '../kernels/images.js';
import { GROUP_NORM, GROUP_NORM_GRADIENT } from '../kernels/images.js';
import { replicatePad } from './replicatePad.js';
import { rank4 } from './rank4.js';

export interface GroupNormOptions {
  groups: number;
  epsilon: number;
  /** A ReLU on the result, in the same pass. */
  relu: boolean;
  /** So many pixels around the result that repeat its outermost ones, in the same pass. Default 0. */
  border?: number;
}

/** Sums over the channels of each group, given back to every channel of it: [n, c] -> [n, c]. */
function overGroups(sums: tf.Tensor2D, groups: number): tf.Tensor2D {
  const [n, c] = sums.shape;
  const perGroup = tf.sum(tf.reshape(sums, [n, groups, c / groups]), 2, true);
  return tf.reshape(tf.tile(perGroup, [1, 1, c / groups]), [n, c]);
}

/**
 * Group normalisation of [n, h, w, c] (Wu and He 2018), then a scale and a shift of each channel:
 * y = gamma (x - mean) / sqrt(var + epsilon) + beta, mean and biased variance over the pixels of c / groups channels.
 *
 * One op with a gradient of its own: taped op by op it keeps and moves three times as many arrays, and beside small
 * convolutions that is most of a step. Where the backend has a kernel of ours, in one call each way.
 */
export function groupNorm(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  { groups, epsilon, relu, border = 0 }: GroupNormOptions,
): tf.Tensor4D {
  const [, , , c] = x.shape;
  if (c % groups !== 0) throw new Error(`groupNorm: ${c} channels in ${groups} groups; allowed: a divisor of them`);
  if (tf.getKernel(GROUP_NORM, tf.getBackend())) return byKernel(x, gamma, beta, { groups, epsilon, relu, border });
  return replicatePad(composed(x, gamma, beta, { groups, epsilon, relu }), border);
}

function byKernel(x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D, attributes: GroupNormAttributes): tf.Tensor4D {
  const run = (kernel: string, inputs: tf.NamedTensorMap): tf.Tensor[] =>
    tf.engine().runKernel(kernel, inputs, { ...attributes });
  const op = tf.customGrad((...args) => {
    // TensorFlow.js types neither the inputs nor `save` of a custom gradient.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const [input, scale, shift, save] = args as unknown as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
    const [y, mean, inverse] = run(GROUP_NORM, { x: input, gamma: scale, beta: shift });
    if (!y || !mean || !inverse) throw new Error(`${GROUP_NORM}: wanted y, mean and inverse`);
    save([input, scale, shift, mean, inverse]);
    return {
      value: y,
      gradFunc(dy: tf.Tensor, saved: tf.Tensor[]) {
        const [sx, sGamma, sBeta, sMean, sInverse] = saved;
        if (!sx || !sGamma || !sBeta || !sMean || !sInverse) throw new Error('groupNorm: nothing saved');
        const known = { x: sx, gamma: sGamma, beta: sBeta, mean: sMean, inverse: sInverse };
        return run(GROUP_NORM_GRADIENT, { dy, ...known });
      },
    };
  });
  return rank4(op(x, gamma, beta));
}

function composed(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  { groups, epsilon, relu }: Omit<GroupNormAttributes, 'border'>,
): tf.Tensor4D {
  const [n, h, w, c] = x.shape;
  const rows: [number, number, number] = [n, h * w, c];
  const perChannel: [number, number, number] = [n, 1, c];
  const count = (h * w * c) / groups;

  const op = tf.customGrad((...args) => {
    // TensorFlow.js types neither the inputs nor `save` of a custom gradient.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const [input, scale, shift, save] = args as unknown as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
    const x3 = tf.reshape(input, rows);
    const mean = tf.div(overGroups(tf.sum<tf.Tensor2D>(x3, 1), groups), count);
    const squares = tf.div(overGroups(tf.sum<tf.Tensor2D>(tf.square(x3), 1), groups), count);
    // Rounding may leave a flat image below 0.
    const inverse = tf.rsqrt(tf.add(tf.relu(tf.sub(squares, tf.square(mean))), epsilon));
    const factor = tf.mul(inverse, scale);
    const moved = tf.sub(shift, tf.mul(mean, factor));
    const normal = tf.add(tf.mul(x3, tf.reshape(factor, perChannel)), tf.reshape(moved, perChannel));
    const y = tf.reshape(relu ? tf.relu(normal) : normal, [n, h, w, c]);
    save([input, scale, mean, inverse, y]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [savedX, savedScale, savedMean, savedInverse, savedY] = saved;
        if (!savedX || !savedScale || !savedMean || !savedInverse || !savedY)
          throw new Error('groupNorm: nothing saved');
        const xs = tf.reshape(savedX, rows);
        const dz = tf.reshape(relu ? leakyReluGradient(dy, savedY, 0) : dy, rows);
        const sum = tf.sum<tf.Tensor2D>(dz, 1);
        // sum dz (x - mean) / std
        const along = tf.mul(tf.sub(tf.sum(tf.mul(dz, xs), 1), tf.mul(savedMean, sum)), savedInverse);
        const meanOf = (sums: tf.Tensor): tf.Tensor =>
          tf.div(overGroups(tf.reshape(tf.mul(sums, savedScale), [n, c]), groups), count);
        const slope = tf.neg(tf.mul(tf.square(savedInverse), meanOf(along)));
        const offset = tf.neg(tf.add(tf.mul(savedInverse, meanOf(sum)), tf.mul(slope, savedMean)));
        const direct = tf.mul(dz, tf.reshape(tf.mul(savedInverse, savedScale), perChannel));
        const dx = tf.add(tf.add(direct, tf.mul(xs, tf.reshape(slope, perChannel))), tf.reshape(offset, perChannel));
        return [tf.reshape(dx, [n, h, w, c]), tf.sum(along, 0), tf.sum(sum, 0)];
      },
    };
  });
  return rank4(op(x, gamma, beta));
}
