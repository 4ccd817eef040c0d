import { z } from 'zod';
import { latents, trainingShape } from '../ps-vae/commonParams.js';

export const AeParams = z.strictObject({
  n_ae_latents: latents('All latents', 1),
  ...trainingShape,
});
export type AeParams = z.output<typeof AeParams>;
