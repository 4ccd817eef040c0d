// Trains PS-VAEs on rendered behaviour and asks of each what no run of real data can say: how well its unsupervised
// latents predict the true factors that the labels leave out. One JSON line a run.
//
//   node test/training/factors.mjs '{"beta":[1,5,10,20]}' 1,2,3 [backend]
//
// The first argument overrides PARAMS; a list is tried value by value.
import { setImmediate } from 'node:timers/promises';
import { openDataset } from '@trawl/datasets/open';
import { splitTrials } from '@trawl/datasets/splits';
import { trainerFor } from '@trawl/models/trainers';
import { openBackend, randomStreams } from '@trawl/nn';
import { BehaviourDatasetSchema } from '@trawl/spec';
import { unzipSync } from 'fflate';
import { ridgeR2 } from '../dist/support/ridge.js';

const PARAMS = {
  n_ae_latents: 4,
  architecture: 'small',
  frame_std: 0.1,
  learning_rate: 4e-3,
  max_n_epochs: 20,
  anneal_epochs: 8,
};

const spec = BehaviourDatasetSchema.parse({ kind: 'behaviour' });
const dataset = await openDataset(spec, { roots: [] });
const trainer = await trainerFor('ps-vae');
const [overrides = '{}', seeds = '1', choice = 'auto'] = process.argv.slice(2);
const backend = await openBackend(choice, { threads: 1 });

let cells = [PARAMS];
for (const [name, value] of Object.entries(JSON.parse(overrides))) {
  cells = cells.flatMap((cell) => [value].flat().map((one) => ({ ...cell, [name]: one })));
}
for (const cell of cells) {
  for (const seed of seeds.split(',').map(Number)) {
    const params = trainer.card.params.parse(cell);
    const { summary, latents } = await train(params, seed);
    const factors = factorR2(latents, params);
    const line = { beta: params.beta, seed, factors, ...figures(summary) };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}
process.exit(0);

async function train(params, seed) {
  let latents = {};
  const summary = await trainer.train({
    params,
    seed,
    dataset,
    backend,
    streams: randomStreams(seed),
    resume: null,
    weights: null,
    report() {},
    progress() {},
    checkpointDue: () => false,
    async checkpoint() {},
    async artifact(name, content) {
      if (name === 'latents.npz') latents = unzipSync(content);
    },
    log() {},
    signal: new AbortController().signal,
    breathe: () => setImmediate(),
  });
  return { summary, latents };
}

/** R2 of each factor on the trials that were not trained on, by ridge regression fitted on those that were. */
function factorR2(latents, { n_ae_latents, trial_splits, rng_seed_data, train_frac }) {
  const { train: fitted } = splitTrials(spec.trials, trial_splits, rng_seed_data, train_frac);
  const held = dataset.trials.map((_, index) => index).filter((index) => !fitted.includes(index));
  const rows = (indices) => {
    const frames = indices.flatMap((index) => {
      const means = float32(latents[`trial_${String(index).padStart(4, '0')}.npy`]);
      const { factors } = dataset.trials[index];
      return Array.from({ length: spec.frames }, (_, t) => ({
        x: means.subarray(t * n_ae_latents + spec.labels, (t + 1) * n_ae_latents),
        y: factors.subarray(t * spec.factors.length, (t + 1) * spec.factors.length),
      }));
    });
    return { x: frames.map(({ x }) => x), y: frames.map(({ y }) => y) };
  };
  const r2 = ridgeR2(rows(fitted), rows(held));
  return Object.fromEntries(spec.factors.map((factor, i) => [factor, r2[i]]));
}

/** The data of an .npy file, version 1.0. */
function float32(npy) {
  const headerLength = npy[8] + 256 * npy[9];
  return new Float32Array(npy.slice(10 + headerLength).buffer);
}

function figures(summary) {
  return {
    labelR2: summary['val.label_r2'],
    labelMse: summary['val.label_mse'],
    pixelMse: summary['val.loss_data_mse'],
    correlation: summary['train.latent_correlation'],
    active: summary['train.active_units'],
  };
}
