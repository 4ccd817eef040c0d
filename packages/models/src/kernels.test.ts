import * as tf from '@tensorflow/tfjs-core';
import { openDataset } from '@trawl/datasets/open';
import { type Backend, openBackend } from '@trawl/nn';
import { DatasetSchema } from '@trawl/spec';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { bareContext } from './bareContext.testing.js';
import { KERNELS as DDLP } from './ddlp/kernels.js';
import { ATTENTION_KERNELS as ATTENTION, KERNELS as DLP } from './dlp/kernels.js';
import { KERNELS as MSPS } from './msps-vae/kernels.js';
import { KERNELS as FAMILY } from './ps-vae/kernels.js';
import { trainerFor, trainerNames } from './trainers.js';
import { KERNELS as VGG } from './vgg/kernels.js';
import { drawnWeights } from './vgg/suite.testing.js';

const IMAGE_KERNELS = ['GroupNorm', 'ReplicatePad', 'Upsample'].flatMap((name) => [name, `${name}Gradient`]);
const used = new Set<string>();
let backend: Backend;
beforeAll(async () => {
  backend = await openBackend('wasm');
  // Composed of ops instead, as on a GPU: that takes all that a backend must have.
  for (const name of IMAGE_KERNELS) tf.unregisterKernel(name, 'wasm');
  for (const config of tf.getKernelsForBackend('wasm')) {
    const { kernelFunc } = config;
    config.kernelFunc = (args) => {
      used.add(config.kernelName);
      return kernelFunc(args);
    };
  }
});
beforeEach(() => used.clear());

const Given = z.record(z.string(), z.json());

const VGG_FILE = '0'.repeat(64);
const UPLOAD = `sha256:${VGG_FILE}`;

async function train(model: string, params: Record<string, unknown>, dataset: object): Promise<unknown> {
  const trainer = await trainerFor(model);
  return trainer.train(
    bareContext({
      params: Given.parse(trainer.card.params.parse(params)),
      dataset: await openDataset(DatasetSchema.parse(dataset), { roots: [] }),
      backend,
      files: 'vgg_weights' in params ? new Map([[VGG_FILE, { tensors: drawnWeights(), state: null }]]) : new Map(),
    }),
  );
}

const video = { kind: 'behaviour', trials: 6, frames: 4, height: 16, width: 16, labels: 2, masked: 0.3 };
const common = {
  n_ae_latents: 4,
  architecture: [{ channels: 2, kernel: 3, stride: 2 }],
  max_n_epochs: 2,
  trial_splits: '2;1;1;0',
};
const particles = {
  n_kp_prior: 16,
  n_kp_enc: 3,
  enc_channels: [4, 4],
  prior_channels: [4, 4],
  image_size: 32,
  batch_size: 2,
  // Warm-up, a noisy one, the whole.
  num_epochs: 3,
  weight_decay: 1e-4,
};
const balls = { kind: 'balls', train: 2, val: 1, test: 1, frames: 4, balls: 1, size: 32 };
const clips = {
  n_kp_prior: 8,
  timestep_horizon: 2,
  num_static_frames: 1,
  pint_dim: 8,
  pint_layers: 1,
  pint_heads: 2,
  start_dyn_epoch: 1,
  cond_steps: 2,
  animation_horizon: 4,
};
const otherWays = {
  pad_mode: 'zeros',
  kp_activation: 'sigmoid',
  filtering_heuristic: 'distance',
  bg_learned_feature_dim: 2,
  warmup_epoch: 0,
  num_epochs: 1,
  eval_im_metrics: false,
};
const shapes = { kind: 'shapes', train: 2, val: 2, test: 1, size: 32 };

interface List {
  kernels: readonly string[];
  /** Already in another list that the same models ask for. */
  beside: readonly string[];
  runs: [model: string, params: Record<string, unknown>, dataset: object][];
}
/** Lists, and small runs of all models that the list is of; what a default leaves out stands in the parameters. */
const LISTS: Record<string, List> = {
  'the family of ps-vae': {
    kernels: FAMILY,
    beside: [],
    runs: [
      ['ps-vae', { ...common, anneal_epochs: 0, l2_reg: 1e-3 }, video],
      ['vae', { ...common, beta_anneal_epochs: 0 }, video],
      ['beta-tcvae', { ...common, beta_anneal_epochs: 0 }, video],
      ['ae', common, video],
      ['ae', { ...common, architecture: { layers: common.architecture, feature_points: 3 } }, video],
    ],
  },
  'msps-vae': {
    kernels: MSPS,
    beside: FAMILY,
    runs: [
      [
        'msps-vae',
        { ...common, n_ae_latents: 5, n_background: 1, anneal_epochs: 0 },
        { kind: 'sessions', sessions: [1, 2].map((look) => ({ ...video, look })) },
      ],
    ],
  },
  dlp: {
    kernels: DLP,
    beside: [],
    runs: [
      ['dlp', particles, shapes],
      ['dlp', { ...particles, ...otherWays }, shapes],
    ],
  },
  'attention between particles': {
    kernels: ATTENTION,
    beside: DLP,
    runs: [['dlp', { ...particles, ...otherWays, use_resblock: true, enable_enc_attn: true }, shapes]],
  },
  VGG16: {
    kernels: VGG,
    beside: DLP,
    runs: [
      [
        'dlp',
        { ...particles, ...otherWays, recon_loss_type: 'vgg', vgg_weights: UPLOAD, lpips_weights: UPLOAD },
        shapes,
      ],
    ],
  },
  ddlp: {
    kernels: DDLP,
    beside: [],
    runs: [['ddlp', { ...particles, ...clips }, balls]],
  },
};

/** Kernels of our own, and what they call. */
const OURS = /BuiltIn$|^(AdamUpdate|Prelu|Transpose)$/;

it.each(Object.keys(LISTS))(
  'the list of %s holds what its runs use, no more and no less',
  async (name) => {
    const { kernels, beside, runs } = LISTS[name]!;
    for (const run of runs) await train(...run);
    expect([...used].filter((kernel) => !OURS.test(kernel) && !beside.includes(kernel)).toSorted()).toEqual(kernels);
  },
  120_000,
);

it('every model has a list', () => {
  const models = Object.values(LISTS).flatMap(({ runs }) => runs.map(([model]) => model));
  expect(new Set(models)).toEqual(new Set(trainerNames));
});

it.each(['ae', 'dlp'])('%s fails at its start over a kernel that the backend lacks, by its name', async (model) => {
  const kernel = tf.getKernel(tf.Exp, 'wasm');
  tf.unregisterKernel(tf.Exp, 'wasm');
  const [run] = Object.values(LISTS).flatMap(({ runs }) => runs.filter(([name]) => name === model));
  await expect(train(...run!)).rejects.toThrow('wasm: has no kernel Exp; use another backend');
  tf.registerKernel(kernel);
});
