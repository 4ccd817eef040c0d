import { z } from 'zod';
import { architectureParam } from './architectureParam.js';

/*
 * Parameters that the models of the family share, under BehaveNet's names and with its defaults; other defaults say why.
 */

const seed = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

export const latents = (what: string, least: number) =>
  z
    .int()
    .min(least)
    .max(64)
    .meta({ description: what, recommended: [4, 8, 12, 16] });

export const beta = (what: string) =>
  z
    .number()
    .min(0)
    .max(1e6)
    .meta({ description: what, recommended: [1, 5, 10, 20] });

export const annealEpochs = (what: string) =>
  z
    .int()
    .min(0)
    .max(100_000)
    .default(100)
    .meta({
      description: `Epochs over which ${what} from 0; below max_n_epochs`,
      recommended: 'a third to a half of max_n_epochs',
    });

/** Of models with a likelihood and a posterior. */
export const likelihoodShape = {
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
  sampling: z.enum(['textbook', 'behavenet']).default('textbook').meta({
    description:
      "Standard deviation of the posterior sample: exp(logvar / 2), or BehaveNet's exp(logvar) for comparison with it",
    recommended: 'textbook',
  }),
};

export const labelMaskShape = {
  use_label_mask: z.boolean().default(true).meta({
    description:
      'Leave masked labels out of the loss where the data has masks (BehaveNet: false, which trains towards the 0 stored there)',
    recommended: true,
  }),
};

/** How any model is trained. */
export const trainingShape = {
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
  enable_early_stop: z.boolean().default(false).meta({
    description: 'Stop when the validation loss no longer falls; counts only after the ramp',
    recommended: false,
  }),
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
      description: 'Epochs between validations (whole ones; BehaveNet takes parts too); the last two always have one',
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
  rng_seed_data: seed.default(0).meta({
    description: 'Seed of the split alone, never of the model: replicates see the same trials',
    recommended: 0,
  }),
  rng_seed_model: seed.nullable().default(null).meta({
    description: "Seed of initial weights and rotation; null: the run's seed, which is how sweeps replicate",
    recommended: 'null, and `seeds` in the sweep',
  }),
  rng_seed_train: seed.nullable().default(null).meta({
    description: "Seed of the order of trials and of sampling noise; null: the run's seed",
    recommended: 'null, and `seeds` in the sweep',
  }),
  use_output_mask: z.boolean().default(false).meta({
    description: 'Leave masked pixels out of the loss where the data has frame masks',
    recommended: false,
  }),
  architecture: architectureParam,
  approx_batch_size: z.int().min(2).max(10_000).default(200).meta({
    description:
      'Frames of a batch at most: a trial is a batch, a longer one is cut to chunks of so many (BehaveNet cuts at 200 whatever this says). The KL decomposition is estimated within a chunk',
    recommended: 200,
  }),
};
