// Trains a tiny PS-VAE on backend argv[2] with argv[3] latents for argv[4] steps. Prints JSON: live tensors after every
// step, and resident memory in MB after every hundredth.
import { setImmediate } from 'node:timers/promises';
import { openDataset } from '@trawl/datasets/open';
import { trainerFor } from '@trawl/models/trainers';
import { openBackend, randomStreams } from '@trawl/nn';
import { DatasetSchema } from '@trawl/spec';

const [, , name, latents, steps] = process.argv;
const TRIALS = 20;
const dataset = await openDataset(
  DatasetSchema.parse({ kind: 'behaviour', trials: TRIALS + 1, frames: 3, height: 16, width: 16, labels: 2 }),
  { roots: [] },
);
const trainer = await trainerFor('ps-vae');
const backend = await openBackend(name, { threads: 1 });
const result = { tensors: [], megabytes: [] };
let step = 0;
let seen = 0;
await trainer.train({
  params: trainer.card.params.parse({
    n_ae_latents: Number(latents),
    architecture: [{ channels: 2, kernel: 3, stride: 3 }],
    trial_splits: `${TRIALS};1;0;0`,
    max_n_epochs: Number(steps) / TRIALS,
    anneal_epochs: 0,
    // Only the last two epochs then keep best weights.
    val_check_interval: 1000,
  }),
  seed: 1,
  dataset,
  backend,
  streams: randomStreams(1),
  resume: null,
  weights: null,
  report: () => {},
  progress(at) {
    step = at.step;
  },
  checkpointDue: () => false,
  checkpoint: async () => {},
  artifact: async () => {},
  log: () => {},
  signal: new AbortController().signal,
  async breathe() {
    await setImmediate();
    // Passes that evaluate are no steps.
    if (step === seen) return;
    seen = step;
    result.tensors.push(backend.tf.memory().numTensors);
    if (step % 100 !== 0) return;
    globalThis.gc();
    result.megabytes.push(process.memoryUsage().rss / 1e6);
  },
});
process.stdout.write(JSON.stringify(result));
