import * as tf from '@tensorflow/tfjs-core';
import { psnrOf, ssim } from './images.js';
import { upright } from './loss.js';
import type { Decoded, Encoded, Images } from './particleModel.js';
import type { Distance } from '../vgg/distance.js';

/** What posterior means say of each image and particle, on the host. */
export interface Seen {
  /** An image. */
  psnr: Float32Array;
  ssim: Float32Array;
  /** Null without a measure of it. */
  lpips: Float32Array | null;
  /** [images * particles, 2], row and column in -1..1. */
  positions: Float32Array;
  /** [images * particles]. */
  visible: Float32Array;
  /** [images * particles, features]. */
  features: Float32Array;
}

/** Of images and what was made of them. Call it in a tidy. */
export function seenIn({ x, columns }: Images, encoded: Encoded, decoded: Decoded, lpips: Distance | null): Seen {
  const shown = tf.clipByValue(decoded.reconstruction, 0, 1);
  return {
    psnr: psnrOf(columns, shown).dataSync<'float32'>(),
    ssim: ssim(columns, shown).dataSync<'float32'>(),
    lpips: lpips?.(x, upright(shown)).dataSync<'float32'>() ?? null,
    positions: encoded.positionMean.dataSync<'float32'>(),
    visible: encoded.transparency.dataSync<'float32'>(),
    features: encoded.features.mean.dataSync<'float32'>(),
  };
}
