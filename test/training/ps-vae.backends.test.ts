import { expect, test } from 'vitest';
import type { Job } from './trainInChild.js';
import { trainInChild } from './trainInChild.js';

test('wasm and native train a PS-VAE to numbers within 0.1 %', async (context) => {
  const job: Job = {
    model: 'ps-vae',
    dataset: { kind: 'behaviour', trials: 12, frames: 16 },
    params: {
      n_ae_latents: 4,
      architecture: 'small',
      frame_std: 0.1,
      learning_rate: 1e-3,
      max_n_epochs: 3,
      anneal_epochs: 1,
    },
    seed: 5,
    backend: 'tfjs-node-gpu',
  };
  const native = await trainInChild(job);
  if (native.state === 'BackendError') context.skip(`no native backend: ${native.message}`);
  const wasm = await trainInChild({ ...job, backend: 'wasm' });
  expect(wasm.points.map(({ epoch, split }) => [epoch, split])).toEqual(
    native.points.map(({ epoch, split }) => [epoch, split]),
  );
  const far = wasm.points.flatMap(({ epoch, split, metrics }, i) =>
    Object.entries(metrics).flatMap(([name, value]) => {
      const other = Number(native.points[i]?.metrics[name]);
      const close = Math.abs(Number(value) - other) <= 1e-3 * Math.max(1, Math.abs(other));
      return close ? [] : [`${epoch} ${split}.${name}: ${value} and ${other}`];
    }),
  );
  expect(far).toEqual([]);
});
