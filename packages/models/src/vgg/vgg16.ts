import * as tf from '@tensorflow/tfjs-core';
import type { HostTensors, Variables } from '@trawl/nn';
import { addVariable, conv, disposeVariables, hostTensor } from '@trawl/nn';
import { CONVOLUTIONS, POOLS, VGG16_TENSORS } from './tensors.js';

/** The convolutional part of VGG16, with weights that nothing trains. */
export interface Vgg16 {
  /**
   * What images [n, h, w, 3] in 0..1 give at some indices of torchvision's `features`, in order: each [n, h', w', c]. At a
   * convolution that is its ReLU, which torchvision does in place.
   */
  features(x: tf.Tensor4D, taps: readonly number[]): tf.Tensor4D[];
  dispose(): void;
}

/** Of ImageNet, as torchvision's weights were trained with. */
const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];

/** @throws CheckpointError naming a tensor that is missing or has another shape. */
export function vgg16(tensors: HostTensors): Vgg16 {
  const variables: Variables = new Map();
  for (const [name, shape] of Object.entries(VGG16_TENSORS)) hostTensor(tensors, name, shape);
  for (const { index, in: depth, out } of CONVOLUTIONS) {
    const name = `features.${index}`;
    const kernel = hostTensor(tensors, `${name}.weight`, [out, depth, 3, 3]);
    addVariable(variables, `${name}.kernel`, [3, 3, depth, out], rowsFirst(kernel.data, out, depth));
    addVariable(variables, `${name}.bias`, [out], hostTensor(tensors, `${name}.bias`, [out]).data);
  }
  const convolutions = new Set(CONVOLUTIONS.map(({ index }) => index));
  return {
    features(x, taps) {
      let y: tf.Tensor4D = tf.div(tf.sub(x, tf.tensor1d(MEAN)), tf.tensor1d(STD));
      const seen: tf.Tensor4D[] = [];
      for (let index = 0; index <= Math.max(...taps); index += 1) {
        if (convolutions.has(index)) y = conv(variables, `features.${index}`, y, { slope: 0 });
        else if (POOLS.includes(index)) y = tf.maxPool(y, 2, 2, 'valid');
        if (taps.includes(index)) seen.push(y);
      }
      return seen;
    },
    dispose: () => disposeVariables(variables),
  };
}

/** [out, in, 3, 3] -> [3, 3, in, out]. */
function rowsFirst(data: Float32Array, out: number, depth: number): Float32Array {
  const turned = new Float32Array(data.length);
  let to = 0;
  for (let pixel = 0; pixel < 9; pixel += 1) {
    for (let i = 0; i < depth; i += 1) {
      for (let o = 0; o < out; o += 1) turned[to++] = data[(o * depth + i) * 9 + pixel] ?? 0;
    }
  }
  return turned;
}
