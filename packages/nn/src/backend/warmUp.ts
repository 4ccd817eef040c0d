import * as tf from '@tensorflow/tfjs-core';
import { addConv, addConvTranspose, addDense, conv, convTranspose, dense } from '../layers.js';
import { amsgrad } from '../optimizer/adam.js';
import { randomStreams } from '../random.js';
import { disposeVariables, valueAndGradients } from '../variables.js';
import type { Variables } from '../contract.js';

/**
 * One step of a small autoencoder on the open backend; leaves no tensor. CUDA compiles for a GPU that TensorFlow was not
 * built for at a kernel's first use, which takes minutes in all, and keeps the result on disk.
 * @returns the loss
 */
export function warmUp(): number {
  const variables: Variables = new Map();
  const weights = randomStreams(1).get('weights');
  addConv(variables, 'down', weights, { kernel: 3, in: 1, out: 8 });
  addDense(variables, 'code', weights, { in: 8 * 8 * 8, out: 4 });
  addDense(variables, 'uncode', weights, { in: 4, out: 8 * 8 * 8 });
  addConvTranspose(variables, 'up', weights, { kernel: 3, in: 8, out: 1 });
  const optimizer = amsgrad(variables, { learningRate: 1e-3 });
  const result = tf.tidy(() => {
    const x = tf.mul<tf.Tensor4D>(tf.ones<tf.Rank.R4>([2, 16, 16, 1]), 0.5);
    const { values, gradients } = valueAndGradients(variables, () => {
      const y = conv(variables, 'down', x, { stride: 2, slope: 0.05 });
      const code = dense(variables, 'code', tf.reshape<tf.Rank.R2>(y, [2, 8 * 8 * 8]));
      const back = tf.reshape<tf.Rank.R4>(dense(variables, 'uncode', code), [2, 8, 8, 8]);
      const image = tf.sigmoid(convTranspose(variables, 'up', back, [16, 16], { stride: 2 }));
      return { loss: tf.mean<tf.Scalar>(tf.squaredDifference(image, x)) };
    });
    optimizer.apply(gradients);
    return values.loss;
  });
  const [loss = Number.NaN] = result.dataSync<'float32'>();
  result.dispose();
  optimizer.dispose();
  disposeVariables(variables);
  return loss;
}
