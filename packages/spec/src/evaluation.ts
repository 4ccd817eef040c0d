/*
 * evaluation.npz: what a figure of one run is drawn from. Every run of the PS-VAE family leaves it at its end, from its best
 * model and posterior means. Sizes: K labels that the model predicts, U unsupervised latents, F frames, B base frames,
 * D latents, S steps, and H x W x C of a frame.
 */

/** A C-order array of an .npz file. */
export interface ArrayForm {
  dtype: 'f4' | 'i4' | 'u1';
  shape: readonly string[];
  meaning: string;
}

export const EVALUATION_FILE = 'evaluation.npz';

/** The arrays, by name (`<name>.npy` in the zip). */
export const EVALUATION_ARRAYS = {
  correlation: {
    dtype: 'f4',
    shape: ['U', 'U'],
    meaning:
      'Pearson r, with its sign, of the unsupervised latents over the frames of the training split; NaN where a latent never moves. U may be 0 or 1',
  },
  labels_true: {
    dtype: 'f4',
    shape: ['F', 'K'],
    meaning:
      'Labels in the units of the data; 0 where masked. K is 0 for a model without labels. Frames are those of whole trials, validation first, then test, in the order of the split; consecutive rows of one trial are consecutive frames from its first on',
  },
  labels_predicted: { dtype: 'f4', shape: ['F', 'K'], meaning: 'What the posterior means predict, in the same units' },
  labels_mask: { dtype: 'u1', shape: ['F', 'K'], meaning: '1 where there is a label, 0 where it is masked' },
  frame_trial: { dtype: 'i4', shape: ['F'], meaning: 'Trial of each frame, counted from 0 in the data' },
  frame_split: { dtype: 'u1', shape: ['F'], meaning: 'Index in SPLITS: 1 validation, 2 test' },
  base_frame_at: {
    dtype: 'i4',
    shape: ['B', '2'],
    meaning:
      'Trial and frame of each base frame. Chosen from the data alone: number all n frames of the data through; base frame b of the 4 is number floor((2b + 1) n / 8). So they are the same for all runs on the same data',
  },
  base_frames: { dtype: 'u1', shape: ['B', 'H', 'W', 'C'], meaning: 'The frames of the data themselves, 0..255' },
  traversal_values: {
    dtype: 'f4',
    shape: ['D', 'S'],
    meaning:
      'Equal steps of one latent from the low to the high percentile over all trials: of a supervised latent in units of its label, percentiles 5 and 95 of unmasked labels; of any other in units of the latent, percentiles 15 and 85 of posterior means. Order of latents as in names.json',
  },
  traversal_frames: {
    dtype: 'u1',
    shape: ['B', 'D', 'S', 'H', 'W', 'C'],
    meaning:
      'Decoded frames, 0..255: the base frame’s posterior mean with one latent set to traversal_values, the others as they are',
  },
} as const satisfies Record<string, ArrayForm>;

export type EvaluationArray = keyof typeof EVALUATION_ARRAYS;

/** `names.json` in the same zip. */
export interface EvaluationNames {
  /** K names. */
  labels: string[];
  /** D names, as `label 1`, `latent 1`, `background 1`: `supervised`, then `unsupervised`, then `background` of them. */
  latents: string[];
  supervised: number;
  unsupervised: number;
  /** Latents of the session's appearance; 0 but for models of several sessions. */
  background: number;
}

/**
 * Limits of the file. F: trials are added whole while their frames fit half of `frames` for each split (of a trial that is
 * longer by itself, the first frames). Decoded frames stay below `traversalBytes`: fewer steps (down to `minSteps`), then
 * fewer base frames (down to 1), then none (B = 0); H, W, C, D and the data decide that, so a stage's runs agree.
 */
export const EVALUATION_LIMITS = {
  frames: 4096,
  baseFrames: 4,
  steps: 9,
  minSteps: 5,
  traversalBytes: 32 * 1024 * 1024,
  labelPercentiles: [5, 95],
  latentPercentiles: [15, 85],
} as const;
