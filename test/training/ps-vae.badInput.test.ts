import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readCheckpoint, writeCheckpoint } from '@trawl/nn/checkpoint/file';
import type { Job } from './trainInChild.js';
import { scratch, trainInChild } from './trainInChild.js';

const folder = scratch();
const [checkpoint, weights] = [join(folder, 'checkpoint.safetensors'), join(folder, 'weights.safetensors')];
const layers = (channels: number) => [{ channels, kernel: 3, stride: 2 }];
const job: Job = {
  model: 'ps-vae',
  dataset: { kind: 'behaviour', trials: 4, frames: 4, height: 16, width: 16 },
  params: {
    n_ae_latents: 4,
    architecture: layers(2),
    trial_splits: '2;1;0;0',
    max_n_epochs: 2,
    anneal_epochs: 0,
  },
  seed: 1,
  backend: 'wasm',
};
const withOther = (params: Record<string, unknown>): Job => ({ ...job, params: { ...job.params, ...params } });

beforeAll(async () => {
  await trainInChild({ ...job, artifactDir: folder });
  await trainInChild({ ...job, stopAtStep: 1, checkpoint });
});

/** The file with one weight made NaN. */
async function poisoned(path: string): Promise<string> {
  const content = await readCheckpoint(path);
  content.tensors['encoder.conv0.kernel']!.data[3] = Number.NaN;
  const copy = `${path}.nan`;
  await writeCheckpoint(copy, content);
  return copy;
}

function cut(path: string): string {
  const copy = `${path}.cut`;
  writeFileSync(copy, readFileSync(path).subarray(0, 5000));
  return copy;
}

describe('a checkpoint to resume from', () => {
  test('of another architecture is invalid data', async () => {
    expect(await trainInChild({ ...withOther({ architecture: layers(3) }), resume: checkpoint })).toMatchObject({
      state: 'InvalidData',
      message: 'checkpoint to resume from: tensor encoder.conv0.kernel: shape [3, 3, 1, 2]; wanted [3, 3, 1, 3]',
    });
    const deeper = withOther({ architecture: [...layers(2), ...layers(2)] });
    expect(await trainInChild({ ...deeper, resume: checkpoint })).toMatchObject({
      state: 'InvalidData',
      message: 'checkpoint to resume from: tensor encoder.conv1.kernel: missing; wanted shape [3, 3, 2, 2]',
    });
  });

  test('of another kind, as weights without a state, is invalid data', async () => {
    const result = await trainInChild({ ...job, resume: weights });
    expect(result.state).toBe('InvalidData');
    expect(result.message).toMatch(/^checkpoint to resume from: state: /);
  });

  test('with NaN in its weights has diverged', async () => {
    expect(await trainInChild({ ...job, resume: await poisoned(checkpoint) })).toMatchObject({
      state: 'Diverged',
      message: 'checkpoint to resume from: tensor encoder.conv0.kernel: holds NaN',
    });
  });
});

describe('weights to start from', () => {
  test('of another architecture are invalid data', async () => {
    expect(await trainInChild({ ...withOther({ n_ae_latents: 5 }), weights })).toMatchObject({
      state: 'InvalidData',
      message: expect.stringMatching(
        /^weights to start from \(of model ps-vae \d+\): tensor encoder\.mean\.kernel: shape \[\d+, 4\]; wanted \[\d+, 5\]$/,
      ),
    });
  });

  test('with NaN are invalid data', async () => {
    expect(await trainInChild({ ...job, weights: await poisoned(weights) })).toMatchObject({
      state: 'InvalidData',
      message: expect.stringMatching(/^weights to start from .*: tensor encoder\.conv0\.kernel: holds NaN$/),
    });
  });

  test('cut short cannot be read', async () => {
    await expect(readCheckpoint(cut(weights))).rejects.toThrow(/weights\.safetensors\.cut: truncated/);
  });
});
