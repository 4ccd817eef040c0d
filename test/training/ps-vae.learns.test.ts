import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { READ_EVERY } from '@trawl/nn';
import { EVALUATION_ARRAYS } from '@trawl/spec';
import { beforeAll, describe, expect, test } from 'vitest';
import { readNpz } from '../support/npz.js';
import type { Job, Result } from './trainInChild.js';
import { scratch, trainInChild } from './trainInChild.js';

const job: Job = {
  model: 'ps-vae',
  dataset: { kind: 'behaviour', trials: 12, frames: 32 },
  params: {
    n_ae_latents: 4,
    architecture: 'small',
    frame_std: 0.1,
    learning_rate: 4e-3,
    beta: 5,
    max_n_epochs: 15,
    anneal_epochs: 5,
  },
  seed: 1,
  backend: 'wasm',
};

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe('PS-VAE on rendered behaviour', () => {
  const artifactDir = scratch();
  let result: Result;
  beforeAll(async () => {
    result = await trainInChild({ ...job, artifactDir });
  });
  const curve = (split: string, name: string) =>
    result.points.filter((point) => point.split === split).map(({ metrics }) => Number(metrics[name]));

  test('the loss falls and labels are learned', () => {
    expect(result.state).toBe('succeeded');
    const loss = curve('val', 'loss');
    expect(loss).toHaveLength(16);
    expect(loss.at(-1)).toBeLessThan((loss[0] ?? 0) / 3);
    expect(curve('val', 'label_r2')[0]).toBeLessThan(0.1);
    expect(curve('val', 'label_r2').at(-1)).toBeGreaterThan(0.9);
    expect(curve('train', 'loss_data_mse').at(-1)).toBeLessThan(0.01);
  });

  test('the ramp is in the metrics', () => {
    expect(curve('train', 'kl_weight').slice(0, 7)).toEqual([0, 0.25, 0.5, 0.75, 1, 1, 1]);
    expect(curve('train', 'tc_weight').slice(0, 7)).toEqual([0, 1.25, 2.5, 3.75, 5, 5, 5]);
  });

  test('the summary is of the best model after the ramp, by full name, without one missing', () => {
    const { summary } = result;
    const loss = curve('val', 'loss');
    const best = Number(summary['val.best_epoch']);
    expect(best).toBeGreaterThanOrEqual(5);
    expect(loss[best]).toBe(Math.min(...loss.slice(5)));
    // Same weights, same noise: the same number.
    expect(summary['val.loss']).toBe(loss[best]);
    expect(summary['test.label_r2']).toBeGreaterThan(0.9);
    expect(summary['train.active_units']).toBe(2);
    expect(summary['train.unsupervised_units']).toBe(2);
    expect(summary['train.latent_correlation']).toBe(summary['train.latent_correlation_first_pair']);
    expect(summary['train.latent_correlation']).toBe(summary['train.latent_correlation_active']);
    // Of two latents.
    const r2 = summary['train.latent_correlation']! ** 2;
    expect(summary['train.gaussian_total_correlation']).toBeCloseTo(-Math.log(1 - r2) / 2, 9);
    expect(summary['train.mutual_info_score']).toBeGreaterThan(0);
    const each = [summary['test.label_mse_1']!, summary['test.label_mse_2']!];
    expect(mean(each)).toBeCloseTo(summary['test.label_mse']!, 9);
    expect(Object.values(summary).every(Number.isFinite)).toBe(true);
  });

  test('weights and latents of all trials are left behind', () => {
    expect(Object.keys(result.artifacts).sort()).toEqual(['evaluation.npz', 'latents.npz', 'weights.safetensors']);
    // A zip that names every trial and split.
    const names = readFileSync(join(artifactDir, 'latents.npz')).toString('latin1');
    for (const name of ['trial_0000.npy', 'trial_0011.npy', 'train.npy', 'val.npy', 'test.npy']) {
      expect(names).toContain(name);
    }
  });

  test('what figures are drawn from is left behind', () => {
    const { arrays, texts } = readNpz(readFileSync(join(artifactDir, 'evaluation.npz')));
    const sizes: Record<string, number> = { 2: 2, K: 2, U: 2, F: 64, B: 4, D: 4, S: 9, H: 32, W: 32, C: 1 };
    expect(Object.keys(arrays).sort()).toEqual(Object.keys(EVALUATION_ARRAYS).sort());
    for (const [name, { dtype, shape }] of Object.entries(EVALUATION_ARRAYS)) {
      expect(arrays[name]).toMatchObject({ dtype, shape: shape.map((letter) => sizes[letter]) });
    }
    const of = (name: keyof typeof EVALUATION_ARRAYS): number[] => arrays[name]!.data;
    expect(JSON.parse(texts['names.json'] ?? '')).toEqual({
      labels: ['label 1', 'label 2'],
      latents: ['label 1', 'label 2', 'latent 1', 'latent 2'],
      supervised: 2,
      unsupervised: 2,
      background: 0,
    });
    expect(of('correlation')[0]).toBe(1);
    expect(Math.abs(of('correlation')[1]!)).toBeCloseTo(result.summary['train.latent_correlation']!, 6);
    // 64 rows: one validation and one test trial of 32 frames.
    const error = of('labels_true').map((value, i) => (value - of('labels_predicted')[i]!) ** 2);
    expect(mean(error.slice(0, 64))).toBeCloseTo(result.summary['val.label_mse']!, 6);
    expect(mean(error.slice(64))).toBeCloseTo(result.summary['test.label_mse']!, 6);
    expect([of('frame_split')[0], of('frame_split')[63]]).toEqual([1, 2]);
    expect(of('base_frame_at')).toEqual([1, 16, 4, 16, 7, 16, 10, 16]);
    // From one end of its range to the other every latent moves some pixel.
    const pixels = 32 * 32;
    const frames = of('traversal_frames');
    for (let row = 0; row < 4 * 4; row += 1) {
      const [first, last] = [frames.slice(9 * row * pixels).slice(0, pixels), frames.slice((9 * row + 8) * pixels)];
      expect(Math.max(...first.map((value, i) => Math.abs(value - last[i]!)))).toBeGreaterThan(10);
    }
  });

  test('no tensor is leaked', () => {
    expect(result.leaked).toBe(0);
    // One level before there is a best model, one after: its weights are kept. On each, steps that wait to be read.
    expect(new Set(result.tensors.slice(20)).size).toBeLessThanOrEqual(2 * READ_EVERY);
  });

  test('another run can start from its weights', async () => {
    const params = { ...job.params, max_n_epochs: 1, anneal_epochs: 0 };
    const next = await trainInChild({ ...job, params, weights: join(artifactDir, 'weights.safetensors') });
    const start = next.points.find(({ epoch, split }) => epoch === 0 && split === 'val');
    expect(start?.metrics['loss']).toBe(result.summary['val.loss']);
  });

  test('weights of another shape are refused', async () => {
    const params = { ...job.params, n_ae_latents: 5, max_n_epochs: 6 };
    const refused = await trainInChild({ ...job, params, weights: join(artifactDir, 'weights.safetensors') });
    expect(refused).toMatchObject({ state: 'InvalidData', message: expect.stringContaining('encoder.mean.kernel') });
  });
});

test('a loss that is not finite ends the run as diverged, naming term and step', async () => {
  const params = { ...job.params, learning_rate: 1, alpha: 1e9 };
  const { state, message } = await trainInChild({ ...job, params });
  expect(state).toBe('Diverged');
  expect(message).toMatch(/^loss\S* is (NaN|-?Infinity) at step \d+ \(epoch \d+, trial \d+\)$/);
  // A checkpoint after every step has each loss read at once.
  const checkpointAtSteps = Array.from({ length: 100 }, (_, i) => i + 1);
  const checkpoint = join(scratch(), 'each.safetensors');
  expect((await trainInChild({ ...job, params, checkpointAtSteps, checkpoint })).message).toBe(message);
});

test('early stopping ends a run that no longer gets better', async () => {
  // Steps so large that the validation loss soon rises.
  const early = { learning_rate: 0.015, anneal_epochs: 2, enable_early_stop: true, early_stop_history: 2 };
  const params = { ...job.params, ...early, max_n_epochs: 60 };
  const { state, points, summary } = await trainInChild({ ...job, params, dataset: { ...job.dataset, frames: 4 } });
  expect(state).toBe('succeeded');
  const last = points.at(-1)?.epoch ?? 0;
  expect(last).toBeLessThan(60);
  expect(last - Number(summary['val.best_epoch'])).toBe(2);
});
