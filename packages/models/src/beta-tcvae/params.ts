import { z } from 'zod';
import { annealEpochs, beta, latents, likelihoodShape, trainingShape } from '../ps-vae/commonParams.js';

/** Hyperparameters under BehaveNet's names (`beta_tcvae.beta` is `beta`). */
export const BetaTcVaeParams = z.strictObject({
  n_ae_latents: latents('All latents', 1),
  beta: beta('Weight of the total correlation of all latents, after the ramp').default(1),
  beta_anneal_epochs: annealEpochs('the weights of ICMI, TC and DWKL rise'),
  ...likelihoodShape,
  ...trainingShape,
});
export type BetaTcVaeParams = z.output<typeof BetaTcVaeParams>;
