import type { ArrayForm } from './evaluation.js';

/*
 * rollout.npz: what a rollout's movie and curves are drawn from. Every run of ddlp leaves it at its end, from its best model
 * and posterior means. Sizes: R rollouts shown, T frames of a rollout (animation_horizon), P predicted ones, K particles, and
 * H x W x C of a frame.
 */

export const ROLLOUT_FILE = 'rollout.npz';

/** The arrays, by name (`<name>.npy` in the zip). Predicted frames are the last P of T. */
export const ROLLOUT_ARRAYS = {
  clip_at: {
    dtype: 'i4',
    shape: ['R', '2'],
    meaning: 'Trial and first frame of each rollout: the first of the validation split, as many as the limits leave',
  },
  frames_true: { dtype: 'u1', shape: ['R', 'T', 'H', 'W', 'C'], meaning: 'Frames of the data, 0..255' },
  frames_rolled: {
    dtype: 'u1',
    shape: ['R', 'T', 'H', 'W', 'C'],
    meaning: 'Given frames reconstructed, then predicted frames, 0..255',
  },
  keypoints: {
    dtype: 'f4',
    shape: ['R', 'T', 'K', '2'],
    meaning: 'Row and column of each particle, -1..1; a particle keeps its place in all frames',
  },
  transparency: { dtype: 'f4', shape: ['R', 'T', 'K'], meaning: '0..1; above 0.5 a particle counts as visible' },
  psnr: { dtype: 'f4', shape: ['P'], meaning: 'dB; mean over all rollouts of the validation split' },
  ssim: { dtype: 'f4', shape: ['P'], meaning: 'Mean over the same' },
  repeat_psnr: { dtype: 'f4', shape: ['P'], meaning: 'Of repeating the last given frame instead' },
  repeat_ssim: { dtype: 'f4', shape: ['P'], meaning: 'Of repeating the last given frame instead' },
  position_error: {
    dtype: 'f4',
    shape: ['P'],
    meaning: 'Pixels between true objects and their matched visible particles; NaN where positions are not known',
  },
  seconds_per_frame: { dtype: 'f4', shape: ['1'], meaning: 'How long a movie shows a frame: animation_fps' },
} as const satisfies Record<string, ArrayForm>;

export type RolloutArray = keyof typeof ROLLOUT_ARRAYS;

/** Of the file: rollouts, and bytes of their frames. At least one rollout is there. */
export const ROLLOUT_LIMITS = { rollouts: 4, bytes: 32 * 1024 * 1024 } as const;
