import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Job, Result } from './trainInChild.js';
import { scratch, trainInChild } from './trainInChild.js';

/** What a run said in all its parts. */
const outcome = (...parts: Result[]) => ({
  state: parts.at(-1)?.state,
  summary: parts.at(-1)?.summary,
  artifacts: parts.at(-1)?.artifacts,
  points: parts.flatMap(({ points }) => points),
});

describe.each(['wasm', 'tfjs-node-gpu'] as const)('a DLP run on %s that was cut', (backend) => {
  const job: Job = {
    model: 'dlp',
    dataset: { kind: 'shapes', train: 9, val: 3, test: 2, size: 32 },
    params: {
      image_size: 32,
      batch_size: 2,
      num_epochs: 3,
      n_kp_prior: 16,
      n_kp_enc: 3,
      enc_channels: [8, 16],
      prior_channels: [8, 8],
      weight_decay: 1e-4,
    },
    seed: 7,
    backend,
  };
  const folder = scratch();
  let straight: Result;
  beforeAll(async () => {
    straight = await trainInChild(job);
  });
  const needsBackend = (context: TestContext): void => {
    if (straight.state === 'BackendError') context.skip(`${backend}: ${straight.message}`);
  };

  test('runs at all: warm-up, a noisy epoch, a whole one; and leaves nothing', (context) => {
    needsBackend(context);
    expect(straight.state).toBe('succeeded');
    expect(straight.steps.at(-1)?.step).toBe(12);
    expect(straight.leaked).toBe(0);
    // Every other turn is between two steps, where nothing but weights, slots and best weights lives.
    expect(new Set(straight.tensors.slice(-4)).size).toBe(1);
    expect(Object.keys(straight.artifacts)).toEqual(
      expect.arrayContaining(['weights.safetensors', 'particles.npz', 'particles.png']),
    );
    for (const name of ['val.psnr', 'val.ssim', 'test.loss', 'train.loss_kl_kp', 'val.obj_on_l1']) {
      expect(straight.summary).toHaveProperty([name], expect.any(Number));
    }
  });

  // In the warm-up, in mid-epoch, after the last step but before its validation and the summary.
  test.for([1, 6, 12])('by a stop at step %i goes on to the same bits', async (stopAtStep, context) => {
    needsBackend(context);
    const checkpoint = join(folder, `stop-${stopAtStep}.safetensors`);
    const before = await trainInChild({ ...job, stopAtStep, checkpoint });
    expect(before.state).toBe('stopped');
    const after = await trainInChild({ ...job, resume: checkpoint });
    expect(outcome(before, after)).toEqual(outcome(straight));
  });
});
