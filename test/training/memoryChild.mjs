// Trains a tiny model (argv[2]) on a backend (argv[3]) for argv[4] steps. Prints JSON: live tensors after every step that
// leaves nothing to be read, and resident memory in MB after every hundredth step.
import { setImmediate } from 'node:timers/promises';
import { openDataset } from '@trawl/datasets/open';
import { bareContext } from '@trawl/models/bareContext.testing';
import { trainerFor } from '@trawl/models/trainers';
import { openBackend, READ_EVERY } from '@trawl/nn';
import { DatasetSchema } from '@trawl/spec';

const [, , model, name, steps] = process.argv;
const TRIALS = 2 * READ_EVERY;
// In all of them only the last two epochs keep best weights, of dlp the first too.
const vae = {
  dataset: { kind: 'behaviour', trials: TRIALS + 1, frames: 2, height: 16, width: 16, labels: 2 },
  params: {
    n_ae_latents: 4,
    architecture: [{ channels: 1, kernel: 3, stride: 3 }],
    trial_splits: `${TRIALS};1;0;0`,
    max_n_epochs: Number(steps) / TRIALS,
    ...(model === 'ps-vae' && { anneal_epochs: 0 }),
    val_check_interval: 1000,
  },
};
const dlp = {
  dataset: { kind: 'shapes', size: 32, train: 2 * TRIALS, val: 1, test: 1 },
  params: {
    image_size: 32,
    batch_size: 2,
    n_kp_enc: 2,
    n_kp_prior: 4,
    enc_channels: [4, 4, 4],
    prior_channels: [4, 4],
    num_epochs: Number(steps) / TRIALS,
    eval_epoch_freq: 1000,
  },
};
const ddlp = {
  // A clip of 3 frames in every video.
  dataset: { kind: 'balls', size: 32, balls: 1, frames: 4, train: TRIALS, val: 1, test: 1 },
  params: {
    ...dlp.params,
    timestep_horizon: 2,
    num_static_frames: 1,
    cond_steps: 2,
    animation_horizon: 4,
    pint_dim: 8,
    pint_layers: 1,
    pint_heads: 2,
    start_dyn_epoch: 1,
  },
};
const job = { dlp, ddlp }[model] ?? vae;
const dataset = await openDataset(DatasetSchema.parse(job.dataset), { roots: [] });
const trainer = await trainerFor(model);
const backend = await openBackend(name, { threads: 1 });
const params = trainer.card.params.parse(job.params);
const result = { tensors: [], megabytes: [] };
await trainer.train(
  bareContext({ params, dataset, backend }, async (step) => {
    await setImmediate();
    if (step % READ_EVERY === 0) result.tensors.push(backend.tf.memory().numTensors);
    if (step % 100 !== 0) return;
    globalThis.gc();
    result.megabytes.push(process.memoryUsage().rss / 1e6);
  }),
);
process.stdout.write(JSON.stringify(result));
