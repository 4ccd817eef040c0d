import * as tf from '@tensorflow/tfjs-core';
import { openDataset } from '@trawl/datasets/open';
import { type Backend, openBackend, randomStreams } from '@trawl/nn';
import { DatasetSchema } from '@trawl/spec';
import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { trainerFor } from '../trainers.js';
import { KERNELS } from './kernels.js';

const used = new Set<string>();
let backend: Backend;
beforeAll(async () => {
  backend = await openBackend('wasm');
  for (const config of tf.getKernelsForBackend('wasm')) {
    const { kernelFunc } = config;
    config.kernelFunc = (args) => {
      used.add(config.kernelName);
      return kernelFunc(args);
    };
  }
});

const Given = z.record(z.string(), z.json());

/** Kernels of our own, and what they call. */
const OURS = /BuiltIn$|^(AdamUpdate|Prelu|Transpose)$/;

async function train(model: string, params: Record<string, unknown>): Promise<unknown> {
  const trainer = await trainerFor(model);
  const common = { n_ae_latents: 4, architecture: [{ channels: 2, kernel: 3, stride: 2 }], max_n_epochs: 2 };
  const dataset = { kind: 'behaviour', trials: 6, frames: 4, height: 16, width: 16, labels: 2, masked: 0.3 };
  return trainer.train({
    params: Given.parse(trainer.card.params.parse({ ...common, trial_splits: '2;1;1;0', ...params })),
    seed: 1,
    dataset: await openDataset(DatasetSchema.parse(dataset), { roots: [] }),
    backend,
    streams: randomStreams(1),
    resume: null,
    weights: null,
    report: () => {},
    progress: () => {},
    checkpointDue: () => false,
    checkpoint: async () => {},
    artifact: async () => {},
    log: () => {},
    signal: new AbortController().signal,
    breathe: async () => {},
  });
}

it('the list holds what a run uses, no more and no less', async () => {
  await train('ps-vae', { anneal_epochs: 0, l2_reg: 1e-3 });
  await train('beta-tcvae', { beta_anneal_epochs: 0 });
  await train('ae', {});
  expect([...used].filter((name) => !OURS.test(name)).toSorted()).toEqual(KERNELS);
});

it('a run fails at its start over a kernel that the backend lacks, by its name', async () => {
  const kernel = tf.getKernel(tf.Log, 'wasm');
  tf.unregisterKernel(tf.Log, 'wasm');
  await expect(train('ae', {})).rejects.toThrow('wasm: has no kernel Log; use another backend');
  tf.registerKernel(kernel);
});
