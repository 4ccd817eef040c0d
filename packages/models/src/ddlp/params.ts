import { z } from 'zod';
import { DlpParams } from '../dlp/params.js';

const { shape } = DlpParams;

/** A hyperparameter of dlp with another default, and other words where it means something else. */
function retold<T extends z.ZodType>(
  schema: z.ZodDefault<T>,
  value: z.core.util.NoUndefined<z.output<T>>,
  words: { description?: string; recommended?: unknown } = {},
): z.ZodDefault<T> {
  return schema
    .unwrap()
    .default(value)
    .meta({ ...schema.meta(), ...words });
}

/**
 * Hyperparameters of DDLP: those of dlp, with the values of the original's `configs/balls.json`, and those of the dynamics
 * under its names.
 */
export const DdlpParams = z.strictObject({
  ...shape,
  batch_size: retold(shape.batch_size, 32, {
    description: 'Clips of timestep_horizon + 1 frames in a step',
    recommended: { '64 pixels': 'from 10 to 32', '128 pixels': 'from 3 to 8' },
  }),
  num_epochs: retold(shape.num_epochs, 150, {
    description: 'Passes over the training clips: one begins at every frame that has enough after it',
  }),
  beta_kl: retold(shape.beta_kl, 0.1),
  n_kp_prior: retold(shape.n_kp_prior, 12, { recommended: [12, 16, 30] }),
  n_kp_enc: retold(shape.n_kp_enc, 6, { recommended: [6, 8, 12, 25] }),
  learned_feature_dim: retold(shape.learned_feature_dim, 3, { recommended: 'from 3 to 10' }),
  enc_channels: retold(shape.enc_channels, [32, 64, 128], {
    recommended: { '64 pixels': [32, 64, 128], '128 pixels': [32, 64, 128, 256] },
  }),
  use_correlation_heatmaps: retold(shape.use_correlation_heatmaps, true, {
    description: 'The attribute encoder also sees where each glimpse resembles that of the frame before',
    recommended: true,
  }),
  use_tracking: z.literal(true).default(true).meta({
    description:
      "Particles start from where they were in the frame before: what makes ddlp's particles keep to objects",
    recommended: true,
  }),
  timestep_horizon: z
    .int()
    .min(1)
    .max(256)
    .default(10)
    .meta({
      description: 'Frames that a prediction sees at most; a training clip has one more',
      recommended: [10, 15, 20],
    }),
  num_static_frames: z.int().min(1).max(256).default(4).meta({
    description: 'Burn-in: first frames of a clip whose KL is to the constant prior; at most timestep_horizon',
    recommended: 4,
  }),
  beta_dyn: z.number().min(0).max(1e6).default(0.1).meta({
    description: 'Weight of the KL between what is seen of the later frames and what the dynamics predicted of them',
    recommended: 'beta_kl',
  }),
  beta_dyn_rec: z.number().min(0).max(1e6).default(1).meta({
    description: 'Weight of the reconstruction of the later frames, within the reconstruction',
    recommended: 1,
  }),
  predict_delta: z.boolean().default(true).meta({
    description: 'Whether the dynamics predict changes (but of transparency) instead of values',
    recommended: true,
  }),
  pint_dim: z
    .int()
    .min(1)
    .max(4096)
    .default(256)
    .meta({
      description: 'Width of the transformer that predicts particles (PINT); a multiple of pint_heads',
      recommended: [256, 512],
    }),
  pint_layers: z.int().min(1).max(48).default(6).meta({ description: 'Layers of PINT', recommended: 6 }),
  pint_heads: z.int().min(1).max(64).default(8).meta({ description: 'Attention heads of PINT', recommended: 8 }),
  start_dyn_epoch: z.int().min(0).max(100_000).default(0).meta({
    description: 'Epoch at which the dynamics begin; until then frames are images, each by itself',
    recommended: 0,
  }),
  discount_steps: z.int().min(1).max(10_000_000).default(10_000).meta({
    description:
      'Steps of the dynamics, times warmup_epoch, until the last frame of timestep_horizon counts in full, earlier ones sooner; at least an epoch (fixed in the original). A short run wants fewer than its steps',
    recommended: 10_000,
  }),
  cond_steps: z.int().min(1).max(10_000).default(10).meta({
    description: 'Frames that a rollout is given, in evaluation',
    recommended: 'timestep_horizon',
  }),
  animation_horizon: z.int().min(2).max(10_000).default(50).meta({
    description: 'Frames of a rollout, those that it is given among them; at most those of a held-out clip',
    recommended: 50,
  }),
  animation_fps: z.number().min(0.02).max(10).default(0.06).meta({
    description: 'Seconds that a movie shows a frame (the name is the original’s)',
    recommended: 0.06,
  }),
  reference: z.boolean().default(false).meta({
    description: "The original's defects in the dynamics, to compare with it (docs/dlp.md)",
    recommended: false,
  }),
});
export type DdlpParams = Omit<z.output<typeof DdlpParams>, 'use_tracking'>;
