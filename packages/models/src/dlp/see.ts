import * as tf from '@tensorflow/tfjs-core';
import { psnrOf, ssim } from './images.js';
import type { Decoded, Encoded } from './particleModel.js';

/** What posterior means say of each image and particle, on the host. */
export interface Seen {
  /** An image. */
  psnr: Float32Array;
  ssim: Float32Array;
  /** [images * particles, 2], row and column in -1..1. */
  positions: Float32Array;
  /** [images * particles]. */
  visible: Float32Array;
  /** [images * particles, features]. */
  features: Float32Array;
}

/** Of images [n, size, c, size] and what was made of them. Call it in a tidy. */
export function seenIn(columns: tf.Tensor4D, encoded: Encoded, decoded: Decoded): Seen {
  const shown = tf.clipByValue(decoded.reconstruction, 0, 1);
  return {
    psnr: psnrOf(columns, shown).dataSync<'float32'>(),
    ssim: ssim(columns, shown).dataSync<'float32'>(),
    positions: encoded.positionMean.dataSync<'float32'>(),
    visible: encoded.transparency.dataSync<'float32'>(),
    features: encoded.features.mean.dataSync<'float32'>(),
  };
}
