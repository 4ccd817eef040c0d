import { z } from 'zod';
import { annealEpochs, beta, labelMaskShape, likelihoodShape, trainingShape } from './commonParams.js';

export const alpha = z
  .number()
  .min(0)
  .max(1e9)
  .default(1000)
  .meta({ description: 'Weight of the labels log-likelihood', recommended: [50, 100, 500, 1000] });

/**
 * Hyperparameters under BehaveNet's names (`ps_vae.alpha` is `alpha`), and its defaults: those of the PS-VAE example in
 * its guide, then those of its JSON files. Other defaults say why.
 */
export const PsVaeParams = z.strictObject({
  n_ae_latents: z.int().min(2).max(64).meta({
    description: 'All latents: one per label, the rest unsupervised',
    recommended: 'labels + 2, + 4, + 8 or + 16',
  }),
  alpha,
  beta: beta('Weight of the total correlation of the unsupervised latents, after the ramp').default(10),
  anneal_epochs: annealEpochs('the weights of ICMI, TC and DWKL rise'),
  ...likelihoodShape,
  ...trainingShape,
  ...labelMaskShape,
});
export type PsVaeParams = z.output<typeof PsVaeParams>;
