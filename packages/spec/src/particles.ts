import type { ArrayForm } from './evaluation.js';

/*
 * particles.npz: what figures of a model of particles are drawn from: the first validation images and what the posterior
 * means make of them. Sizes: N images, K particles, L prior keypoints, S and P the sides of an image and of a glimpse.
 */

export const PARTICLES_FILE = 'particles.npz';

/** Images in the file. */
export const PARTICLES_IMAGES = 8;

/** The arrays, by name (`<name>.npy` in the zip). */
export const PARTICLES_ARRAYS = {
  images: { dtype: 'u1', shape: ['N', 'S', 'S', '3'], meaning: 'The images of the data, 0..255' },
  reconstructions: { dtype: 'u1', shape: ['N', 'S', 'S', '3'], meaning: 'Particles over the background, 0..255' },
  foregrounds: { dtype: 'u1', shape: ['N', 'S', 'S', '3'], meaning: 'The particles on black, 0..255' },
  backgrounds: { dtype: 'u1', shape: ['N', 'S', 'S', '3'], meaning: 'The background alone, 0..255' },
  alpha_masks: {
    dtype: 'u1',
    shape: ['N', 'K', 'S', 'S'],
    meaning: 'What share of each pixel a particle draws, 0..255',
  },
  glimpses: { dtype: 'u1', shape: ['N', 'K', 'P', 'P', '3'], meaning: 'Cut out of the image at each particle, 0..255' },
  decoded_glimpses: {
    dtype: 'u1',
    shape: ['N', 'K', 'P', 'P', '4'],
    meaning: 'What the decoder makes of each particle: alpha, then red, green, blue, 0..255',
  },
  keypoints: {
    dtype: 'f4',
    shape: ['N', 'K', '2'],
    meaning: 'Row and column of each particle, -1..1 within the image',
  },
  prior_keypoints: {
    dtype: 'f4',
    shape: ['N', 'L', '2'],
    meaning: 'The proposals that were kept, row and column, -1..1',
  },
  scales: { dtype: 'f4', shape: ['N', 'K', '2'], meaning: 'Height and width of each particle, as shares of the image' },
  transparency: { dtype: 'f4', shape: ['N', 'K'], meaning: 'Of each particle, 0 (off) to 1 (on)' },
  depth: { dtype: 'f4', shape: ['N', 'K'], meaning: 'Of each particle; the smaller, the nearer' },
  score: { dtype: 'f4', shape: ['N', 'K'], meaning: 'Certainty of the position times transparency' },
} as const satisfies Record<string, ArrayForm>;

export type ParticlesArray = keyof typeof PARTICLES_ARRAYS;

/** A particle counts as an object from this transparency on. */
export const VISIBLE_PARTICLE = 0.5;

/** While a run trains it leaves what the weights of an epoch make of the first images, as small files of their own. */
export const EPOCH_PARTICLES = {
  images: 2,
  arrays: ['images', 'reconstructions', 'foregrounds', 'backgrounds', 'keypoints', 'scales', 'transparency'],
} as const satisfies { images: number; arrays: readonly ParticlesArray[] };

export const epochParticlesFile = (epoch: number): string => `particles-epoch-${String(epoch).padStart(5, '0')}.npz`;

/** The epoch of such a file, from 0; null where the name is none. */
export function particlesEpoch(name: string): number | null {
  const found = /^particles-epoch-(\d{5,})\.npz$/.exec(name)?.[1];
  return found === undefined ? null : Number(found);
}

/** Epochs 1, 2, 4, 8, ... in the counting of people, so that their number stays small however long a run is. */
export const leavesParticles = (epoch: number): boolean => Number.isInteger(Math.log2(epoch + 1));
