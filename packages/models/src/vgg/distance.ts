import * as tf from '@tensorflow/tfjs-core';
import { upsample } from '@trawl/nn';
import { constant } from '../dlp/stop.js';
import type { Vgg16 } from './vgg16.js';

/** How far each of n images is from another: true ones and reconstructions [n, h, w, 3] -> [n]; gradients reach the latter. */
export type Distance = (truth: tf.Tensor4D, made: tf.Tensor4D) => tf.Tensor1D;

/** relu1_2, relu2_2, relu3_2, relu4_3 and the last maxima. */
const TAPS = [2, 7, 12, 21, 30];
const WEIGHT = 0.12151;
/** Five times halved, a smaller image would be nothing. */
const LEAST_SIDE = 32;

/**
 * Perceptual distance: sum of squared differences of intensities, and 0.12151 times that of features of VGG16. Images below
 * 32 pixels are made as large first, for both.
 * Source: taldatech/ddlp, utils/loss_functions.py, VGGDistance, at 5686275.
 */
export function perceptualDistance(vgg: Vgg16): Distance {
  const all = (x: tf.Tensor4D): tf.Tensor2D => tf.concat2d(vgg.features(x, TAPS).map(rows), 1);
  return (truth, made) => {
    const [x, y] = [constant(() => enlarged(truth)), enlarged(made)];
    const features = tf.sum(
      tf.squaredDifference(
        constant(() => all(x)),
        all(y),
      ),
      1,
    );
    return tf.add(tf.sum(tf.squaredDifference(rows(x), rows(y)), 1), tf.mul(features, WEIGHT));
  };
}

const rows = (x: tf.Tensor4D): tf.Tensor2D => tf.reshape(x, [x.shape[0], -1]);

function enlarged(x: tf.Tensor4D): tf.Tensor4D {
  const side = x.shape[1];
  return side < LEAST_SIDE ? upsample(x, LEAST_SIDE / side) : tf.clone(x);
}
