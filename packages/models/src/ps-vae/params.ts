import { z } from 'zod';

const layer = z
  .strictObject({
    channels: z.int().min(1).max(1024),
    kernel: z.int().min(1).max(11).meta({ description: 'side of the square kernel, pixels' }),
    stride: z.int().min(1).max(8),
  })
  .refine(({ kernel, stride }) => stride <= kernel, {
    error: 'stride is larger than kernel: pixels would go unseen',
    params: { allowed: 'a stride up to the kernel' },
  });

/**
 * Hyperparameters under BehaveNet's names (`ps_vae.alpha` is `alpha`), and its defaults: those of the PS-VAE example in
 * its guide, then those of its JSON files. Other defaults say why.
 */
export const PsVaeParams = z.strictObject({
  n_ae_latents: z.int().min(2).max(64).meta({
    description: 'All latents: one per label, the rest unsupervised',
    recommended: 'labels + 2, + 4, + 8 or + 16',
  }),
  alpha: z
    .number()
    .min(0)
    .max(1e9)
    .default(1000)
    .meta({ description: 'Weight of the labels log-likelihood', recommended: [50, 100, 500, 1000] }),
  beta: z
    .number()
    .min(0)
    .max(1e6)
    .default(10)
    .meta({
      description: 'Weight of the total correlation of the unsupervised latents, after the ramp',
      recommended: [1, 5, 10, 20],
    }),
  anneal_epochs: z.int().min(0).max(100_000).default(100).meta({
    description: 'Epochs over which the weights of ICMI, TC and DWKL rise from 0; below max_n_epochs',
    recommended: 'a third to a half of max_n_epochs',
  }),
  frame_std: z
    .number()
    .min(1e-3)
    .max(100)
    .default(1)
    .meta({
      description:
        'Standard deviation of the pixel likelihood, in intensity 0..1; at 1 pixels of small frames are too cheap and unsupervised latents collapse',
      recommended: { 'frames of 128 px and more': 1, 'frames of 32 to 64 px': [0.1, 0.3] },
    }),
  learning_rate: z
    .number()
    .min(1e-8)
    .max(1)
    .default(1e-4)
    .meta({
      description: 'Of Adam with amsgrad; with only hundreds of updates take the larger',
      recommended: [1e-4, 1e-3, 4e-3],
    }),
  l2_reg: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .meta({
      description: 'Coupled L2 penalty on every trainable weight, biases included',
      recommended: [0],
    }),
  max_n_epochs: z.int().min(1).max(100_000).default(200).meta({
    description: "Passes over the training trials (the paper's plots are at 200; BehaveNet's file says 1000)",
    recommended: 200,
  }),
  min_n_epochs: z.int().min(0).max(100_000).default(0).meta({
    description: "No early stop up to this epoch (BehaveNet's 500 would make every shorter run contradict the default)",
    recommended: 0,
  }),
  enable_early_stop: z
    .boolean()
    .default(false)
    .meta({ description: 'Stop when the validation loss no longer falls; counts only after the ramp' }),
  early_stop_history: z.int().min(1).max(100_000).default(10).meta({
    description: 'Epochs without a new lowest validation loss before a stop',
    recommended: 10,
  }),
  val_check_interval: z
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .meta({
      description: 'Epochs between validations; the last two epochs always have one',
      recommended: [1, 5],
    }),
  train_frac: z
    .number()
    .gt(0)
    .max(10_000)
    .default(1)
    .meta({
      description: 'Up to 1: share of the training trials to use, drawn with rng_seed_data; above 1: how many',
      recommended: [0.5, 1],
    }),
  trial_splits: z
    .string()
    .regex(/^[1-9]\d{0,3};[1-9]\d{0,3};\d{1,4};\d{1,4}$/, {
      error: 'is not of the form train;val;test;gap',
    })
    .default('8;1;1;0')
    .meta({
      description: 'Trials in each repeating block: train;val;test;gap',
      recommended: '8;1;1;0',
      legal: 'four whole numbers train;val;test;gap, at least one train and one val trial, as 8;1;1;0',
    }),
  rng_seed_data: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .meta({ description: 'Seed of the split alone, never of the model: replicates see the same trials' }),
  use_label_mask: z.boolean().default(true).meta({
    description:
      'Leave masked labels out of the loss where the data has masks (BehaveNet: false, which trains towards the 0 stored there)',
  }),
  use_output_mask: z
    .boolean()
    .default(false)
    .meta({ description: 'Leave masked pixels out of the loss where the data has frame masks' }),
  sampling: z.enum(['textbook', 'behavenet']).default('textbook').meta({
    description:
      "Standard deviation of the posterior sample: exp(logvar / 2), or BehaveNet's exp(logvar) for comparison with it",
    recommended: 'textbook',
  }),
  architecture: z
    .union([z.enum(['behavenet', 'small']), z.array(layer).min(1).max(8)])
    .default('behavenet')
    .meta({
      description:
        'Encoder, mirrored by the decoder: behavenet (5x5 kernels, 32-64-128-256-512 channels, strides 2-2-2-2-5), small (4x4, 8-32-64, strides 2-2-2) or a list of layers',
      recommended: { 'frames of 64 px and more': 'behavenet', 'frames of 32 to 64 px': 'small' },
    }),
  chunk_size: z.int().min(2).max(10_000).default(200).meta({
    description: 'Longer trials are cut to chunks of so many frames; the KL decomposition is estimated within a chunk',
    recommended: 200,
  }),
});
export type PsVaeParams = z.output<typeof PsVaeParams>;
