import { f4, u1 } from './arrays.js';
import type { Particles } from '../data/particles.js';
import { wobble } from './wobble.js';

export interface ParticleSizes {
  images?: number;
  side?: number;
  particles?: number;
  prior?: number;
  glimpse?: number;
  /** All off. */
  off?: boolean;
}

/** Particles that lie anywhere, beyond the image too, as a model without training has them. */
export function particlesOf(sizes: ParticleSizes = {}): Particles {
  const { images: n = 8, side = 32, particles: k = 6, prior = 16, glimpse = 8, off = false } = sizes;
  const picture = (shift: number) => u1([n, side, side, 3], (i) => (i * 3 + shift + 40 * (i % 3)) % 256);
  return {
    images: picture(0),
    reconstructions: picture(9),
    foregrounds: picture(90),
    backgrounds: picture(160),
    alpha_masks: u1([n, k, side, side], (i) => (255 * wobble(i)) / k),
    glimpses: u1([n, k, glimpse, glimpse, 3], (i) => i % 256),
    decoded_glimpses: u1([n, k, glimpse, glimpse, 4], (i) => (i * 7) % 256),
    keypoints: f4([n, k, 2], (i) => 2.4 * wobble(i) - 1.2),
    prior_keypoints: f4([n, prior, 2], (i) => 2 * wobble(i + 99) - 1),
    scales: f4([n, k, 2], (i) => 0.1 + 0.4 * wobble(i + 7)),
    transparency: f4([n, k], (i) => (off ? 0.01 : wobble(i + 3))),
    depth: f4([n, k], (i) => 4 * wobble(i + 5) - 2),
    score: f4([n, k], (i) => 10 * wobble(i + 11)),
  };
}
