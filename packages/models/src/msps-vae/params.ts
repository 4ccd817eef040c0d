import { z } from 'zod';
import { annealEpochs, beta, labelMaskShape, likelihoodShape, trainingShape } from '../ps-vae/commonParams.js';
import { alpha } from '../ps-vae/params.js';

/** Hyperparameters under BehaveNet's names (`ps_vae.delta` is `delta`); defaults as of PS-VAE. */
export const MspsVaeParams = z.strictObject({
  n_ae_latents: z.int().min(3).max(64).meta({
    description: 'All latents: one per label, n_background of the sessions, the rest unsupervised',
    recommended: 'labels + n_background + 2, + 4, + 8 or + 16',
  }),
  n_background: z
    .int()
    .min(1)
    .max(62)
    .default(3)
    .meta({
      description: 'Latents that hold what a session looks like: animal, camera, light',
      recommended: [2, 3, 4],
    }),
  n_sessions_per_batch: z
    .int()
    .min(2)
    .max(8)
    .default(2)
    .meta({
      description: 'Trials of an update, each of another session (BehaveNet: 2 to 4; its 1 leaves nothing to compare)',
      recommended: [2, 3, 4],
    }),
  alpha,
  beta: beta('Weight of the total correlation of the unsupervised latents, after the ramp').default(10),
  delta: z
    .number()
    .min(0)
    .max(1e6)
    .default(50)
    .meta({
      description:
        'Weight of the triplet loss, which draws background latents of one session together and those of others apart (BehaveNet: 1; its guide begins at 50)',
      recommended: [50, 100, 500, 1000],
    }),
  anneal_epochs: annealEpochs('the weights of ICMI, TC and DWKL rise'),
  ...likelihoodShape,
  ...trainingShape,
  ...labelMaskShape,
});
export type MspsVaeParams = z.output<typeof MspsVaeParams>;
