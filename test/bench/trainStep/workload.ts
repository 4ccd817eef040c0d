import type { DatasetSpec } from '@trawl/spec';
import { DatasetSchema } from '@trawl/spec';

/** What a child trains, trawl's or PyTorch's. `batch` frames of `size` x `size` make one step. */
export interface Workload {
  model: string;
  size: number;
  batch: number;
  dataset: DatasetSpec;
  params: Record<string, unknown>;
}

const LABELS = 4;

/** By model. Two latents beside the labels, as in the PS-VAE paper; what is not said here is the model's default. */
export const WORKLOADS = {
  'ps-vae': (size: number, batch: number): Workload => ({
    model: 'ps-vae',
    size,
    batch,
    dataset: DatasetSchema.parse({
      kind: 'behaviour',
      trials: 3,
      frames: batch,
      height: size,
      width: size,
      labels: LABELS,
    }),
    params: {
      architecture: 'behavenet',
      n_ae_latents: LABELS + 2,
      alpha: 1000,
      beta: 10,
      learning_rate: 1e-4,
      // One trial to train on, so that an epoch is a step, and none evaluated in between.
      trial_splits: '1;1;0;0',
      train_frac: 1,
      max_n_epochs: 100_000,
      anneal_epochs: 0,
      val_check_interval: 1000,
      approx_batch_size: batch,
    },
  }),
  dlp: (size: number, batch: number): Workload => ({
    model: 'dlp',
    size,
    batch,
    dataset: DatasetSchema.parse({ kind: 'shapes', size, train: batch, val: 1, test: 1 }),
    params: {
      image_size: size,
      batch_size: batch,
      // An epoch is a step. The first one alone is noisy and evaluated.
      warmup_epoch: 0,
      num_epochs: 100_000,
      eval_epoch_freq: 1000,
      scheduler_gamma: 1,
    },
  }),
} as const satisfies Record<string, (size: number, batch: number) => Workload>;

export type BenchedModel = keyof typeof WORKLOADS;
