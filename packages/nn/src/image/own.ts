import * as tf from '@tensorflow/tfjs-core';

/** What a kernel of ours with one output gives. */
export function runOwn(name: string, inputs: tf.NamedTensorMap, attributes: tf.NamedAttrMap): tf.Tensor {
  const [result] = tf.engine().runKernel<tf.Tensor[]>(name, inputs, attributes);
  if (!result) throw new Error(`${name}: gave nothing`);
  return result;
}
