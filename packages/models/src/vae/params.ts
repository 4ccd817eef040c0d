import { z } from 'zod';
import { annealEpochs, beta, latents, likelihoodShape, trainingShape } from '../ps-vae/commonParams.js';

/** Hyperparameters under BehaveNet's names (`vae.beta` is `beta`). */
export const VaeParams = z.strictObject({
  n_ae_latents: latents('All latents', 1),
  beta: beta('Weight of the KL of all latents, after the ramp').default(1),
  beta_anneal_epochs: annealEpochs('beta rises'),
  ...likelihoodShape,
  ...trainingShape,
});
export type VaeParams = z.output<typeof VaeParams>;
