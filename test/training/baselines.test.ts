import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalog } from '@trawl/models/catalog';
import { metricName } from '@trawl/spec';
import { beforeAll, describe, expect, test } from 'vitest';
import { readNpz } from '../support/npz.js';
import type { Job, Result } from './trainInChild.js';
import { scratch, trainInChild } from './trainInChild.js';

/* The models of the PS-VAE's family that know no labels. */

const common = { n_ae_latents: 3, architecture: 'small', learning_rate: 4e-3, max_n_epochs: 4 };
const annealed = { ...common, frame_std: 0.1, beta: 2, beta_anneal_epochs: 2 };

describe.each([
  ['vae', annealed],
  ['beta-tcvae', annealed],
  ['ae', common],
] as const)('%s', (model, params) => {
  const job: Job = {
    model,
    dataset: { kind: 'behaviour', trials: 12, frames: 12, masked: 0.3 },
    params,
    seed: 3,
    backend: 'wasm',
  };
  const artifactDir = scratch();
  let result: Result;
  beforeAll(async () => {
    result = await trainInChild({ ...job, artifactDir });
  });

  test('learns to draw the frames, and leaks nothing', () => {
    expect(result).toMatchObject({ state: 'succeeded', leaked: 0 });
    const loss = result.points.filter(({ split }) => split === 'val').map(({ metrics }) => Number(metrics['loss']));
    expect(loss.at(-1)).toBeLessThan(loss[0]!);
    expect(result.summary['test.loss_data_mse']).toBeLessThan(0.02);
  });

  test('reports the metrics that its card declares, no more and no less', () => {
    const { metrics } = catalog.get(model)!;
    const declared = metrics.filter(({ summary }) => summary);
    const full = declared.flatMap(({ name, splits }) => splits.map((split) => metricName(split, name)));
    expect(Object.keys(result.summary).sort()).toEqual(full.sort());
    for (const split of ['train', 'val'] as const) {
      const point = result.points.find((one) => one.split === split)!;
      const names = metrics
        .filter(({ perEpoch, splits }) => perEpoch && splits.includes(split))
        .map(({ name }) => name);
      expect(Object.keys(point.metrics).sort()).toEqual(names.sort());
    }
  });

  test('shows every latent as unsupervised', () => {
    const { arrays, texts } = readNpz(readFileSync(join(artifactDir, 'evaluation.npz')));
    expect(JSON.parse(texts['names.json'] ?? '')).toMatchObject({ labels: [], supervised: 0, unsupervised: 3 });
    expect(arrays['labels_true']?.shape).toEqual([24, 0]);
    expect(arrays['traversal_frames']?.shape).toEqual([4, 3, 9, 32, 32, 1]);
  });

  test('goes on to the same bits after a stop', async () => {
    const checkpoint = join(artifactDir, 'stop.safetensors');
    const before = await trainInChild({ ...job, stopAtStep: 13, checkpoint });
    const after = await trainInChild({ ...job, resume: checkpoint });
    expect(after.summary).toEqual(result.summary);
    expect(after.artifacts).toEqual(result.artifacts);
    expect([...before.points, ...after.points]).toEqual(result.points);
  });
});
