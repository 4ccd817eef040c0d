import { openDataset } from '@trawl/datasets/open';
import { openBackend } from '@trawl/nn';
import { DatasetSchema, EPOCH_PARTICLES, leavesParticles, particlesEpoch } from '@trawl/spec';
import { unzipSync } from 'fflate';
import { expect, test } from 'vitest';
import { bareContext } from '../bareContext.testing.js';
import { dlpModel } from './imageModel.js';

test('of some epochs a run leaves what its weights make of the first images, and no tensors', async () => {
  const backend = await openBackend('wasm');
  const model = dlpModel(
    bareContext({
      params: {
        image_size: 32,
        n_kp_enc: 3,
        n_kp_prior: 16,
        batch_size: 2,
        enc_channels: [8, 8, 8],
        prior_channels: [8, 8],
      },
      dataset: await openDataset(DatasetSchema.parse({ kind: 'shapes', train: 2, val: 3, test: 1, size: 32 }), {
        roots: [],
      }),
      backend,
    }),
  );
  const before = backend.tf.memory().numTensors;
  const file = model.snapshot?.(3);
  expect(backend.tf.memory().numTensors).toBe(before);
  expect(particlesEpoch(file?.name ?? '')).toBe(3);
  const arrays = unzipSync(file?.content ?? new Uint8Array());
  expect(Object.keys(arrays).toSorted()).toEqual(EPOCH_PARTICLES.arrays.map((name) => `${name}.npy`).toSorted());
  expect(Buffer.from(arrays['reconstructions.npy'] ?? []).toString('latin1')).toContain('(2, 32, 32, 3)');
  expect([...Array(20).keys()].filter(leavesParticles)).toEqual([0, 1, 3, 7, 15]);
  model.network.dispose();
});
