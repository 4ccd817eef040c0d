import * as tf from '@tensorflow/tfjs-core';
import type { HostTensors } from '@trawl/nn';
import { hostTensor, sumOf } from '@trawl/nn';
import type { Distance } from './distance.js';
import { LPIPS_WEIGHTS } from './tensors.js';
import type { Vgg16 } from './vgg16.js';

/** relu1_2, relu2_2, relu3_3, relu4_3, relu5_3. */
const TAPS = [2, 7, 14, 21, 28];
const EPSILON = 1e-10;

/**
 * LPIPS (Zhang et al. 2018, version 0.1 with VGG16, as piqa 1.3.1 has it): at five layers features of length 1 a pixel, their
 * squared differences weighted by channel, mean over pixels; the sum of the five. Lower is more alike.
 * @throws CheckpointError naming a tensor that is missing or has another shape.
 */
export function lpipsOf(vgg: Vgg16, tensors: HostTensors): Distance {
  const channels = Object.entries(LPIPS_WEIGHTS).map(([name, shape]) => hostTensor(tensors, name, shape).data);
  return (truth, made) => {
    const [x, y] = [vgg.features(truth, TAPS), vgg.features(made, TAPS)];
    const apart = channels.map((weights, i) => {
      const [a, b] = [x[i], y[i]];
      if (!a || !b) throw new Error(`lpips: no features ${i}`);
      const weighted = tf.mul(tf.square(tf.sub(unit(a), unit(b))), tf.tensor1d(weights));
      return tf.mean<tf.Tensor1D>(tf.sum(weighted, 3), [1, 2]);
    });
    return sumOf(apart);
  };
}

function unit(features: tf.Tensor4D): tf.Tensor4D {
  const length = tf.sqrt(tf.sum(tf.square(features), 3, true));
  return tf.div(features, tf.add(length, EPSILON));
}
