import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalog } from '@trawl/models/catalog';
import { metricName } from '@trawl/spec';
import { beforeAll, describe, expect, test } from 'vitest';
import { readNpz } from '../support/npz.js';
import type { Job, Result } from './trainInChild.js';
import { scratch, trainInChild } from './trainInChild.js';

const session = (look: number) => ({ kind: 'behaviour', trials: 12, frames: 16, seed: look, look });

const job: Job = {
  model: 'msps-vae',
  dataset: { kind: 'sessions', sessions: [session(1), session(2), { ...session(4), trials: 10, masked: 0.3 }] },
  params: {
    n_ae_latents: 6,
    n_background: 2,
    n_sessions_per_batch: 2,
    architecture: 'small',
    frame_std: 0.1,
    learning_rate: 4e-3,
    beta: 5,
    delta: 50,
    max_n_epochs: 12,
    anneal_epochs: 4,
  },
  seed: 2,
  backend: 'wasm',
};

describe('MSPS-VAE on three rendered sessions', () => {
  const artifactDir = scratch();
  let result: Result;
  beforeAll(async () => {
    result = await trainInChild({ ...job, artifactDir });
  });
  const curve = (split: string, name: string) =>
    result.points.filter((point) => point.split === split).map(({ metrics }) => Number(metrics[name]));

  test('learns labels, and draws sessions apart in the background latents', () => {
    expect(result).toMatchObject({ state: 'succeeded', leaked: 0 });
    expect(result.summary['test.label_r2']).toBeGreaterThan(0.8);
    const triplet = curve('train', 'loss_triplet');
    expect(triplet[0]).toBeNaN();
    expect(triplet.at(-1)).toBeLessThan(triplet[1]! / 2);
    expect(result.summary['test.session_accuracy_background']).toBeGreaterThan(0.95);
  });

  test('an epoch takes each trial at most once, two sessions at a time', () => {
    // 8 + 8 + 8 training trials: blocks of ten; each epoch 12 updates.
    expect(result.steps.at(-1)?.step).toBe(12 * 12);
  });

  test('reports the metrics that its card declares, no more and no less', () => {
    const declared = catalog.get('msps-vae')!.metrics.filter(({ summary }) => summary);
    const full = declared.flatMap(({ name, splits, perLabel = [] }) => [
      ...splits.map((split) => metricName(split, name)),
      ...perLabel.flatMap((split) => [metricName(split, `${name}_1`), metricName(split, `${name}_2`)]),
    ]);
    expect(Object.keys(result.summary).sort()).toEqual(full.sort());
    const names = catalog.get('msps-vae')!.metrics.filter(({ perEpoch }) => perEpoch);
    const train = result.points.findLast(({ split }) => split === 'train')!.metrics;
    expect(Object.keys(train).sort()).toEqual(names.map(({ name }) => name).sort());
    const val = result.points.findLast(({ split }) => split === 'val')!.metrics;
    const ofVal = names.filter(({ splits }) => splits.includes('val'));
    expect(Object.keys(val).sort()).toEqual(ofVal.map(({ name }) => name).sort());
  });

  test('shows background latents after the others', () => {
    const { arrays, texts } = readNpz(readFileSync(join(artifactDir, 'evaluation.npz')));
    expect(JSON.parse(texts['names.json'] ?? '')).toMatchObject({
      latents: ['label 1', 'label 2', 'latent 1', 'latent 2', 'background 1', 'background 2'],
      supervised: 2,
      unsupervised: 2,
      background: 2,
    });
    expect(arrays['correlation']?.shape).toEqual([2, 2]);
    expect(arrays['traversal_frames']?.shape).toEqual([4, 6, 9, 32, 32, 1]);
  });

  test.for([1, 17])('goes on to the same bits after a stop at step %i', async (stopAtStep) => {
    const checkpoint = join(artifactDir, `stop-${stopAtStep}.safetensors`);
    const before = await trainInChild({ ...job, stopAtStep, checkpoint });
    const after = await trainInChild({ ...job, resume: checkpoint });
    expect(after.summary).toEqual(result.summary);
    expect(after.artifacts).toEqual(result.artifacts);
    expect([...before.points, ...after.points]).toEqual(result.points);
  });
});
