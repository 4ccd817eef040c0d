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

describe.each(['wasm', 'tfjs-node-gpu'] as const)('a PS-VAE run on %s that was cut', (backend) => {
  const job: Job = {
    model: 'ps-vae',
    dataset: { kind: 'behaviour', trials: 12, frames: 12, masked: 0.3 },
    params: {
      n_ae_latents: 5,
      architecture: 'small',
      frame_std: 0.1,
      learning_rate: 1e-3,
      l2_reg: 1e-4,
      max_n_epochs: 3,
      anneal_epochs: 1,
      // Chunks of 5, 5 and 2 frames.
      approx_batch_size: 5,
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

  test('runs at all', (context) => {
    needsBackend(context);
    expect(straight.state).toBe('succeeded');
    expect(straight.steps.at(-1)?.step).toBe(24);
  });

  // In the first step, in mid-epoch, after the last step but before its validation and the summary.
  test.for([1, 13, 24])('by a stop at step %i goes on to the same bits', async (stopAtStep, context) => {
    needsBackend(context);
    const checkpoint = join(folder, `stop-${stopAtStep}.safetensors`);
    const before = await trainInChild({ ...job, stopAtStep, checkpoint });
    expect(before.state).toBe('stopped');
    expect(before.steps.at(-1)?.step).toBe(stopAtStep);
    const after = await trainInChild({ ...job, resume: checkpoint });
    expect(outcome(before, after)).toEqual(outcome(straight));
  });

  test('without warning goes on from its last checkpoint to the same bits', async (context) => {
    needsBackend(context);
    const checkpoint = join(folder, 'periodic.safetensors');
    const whole = await trainInChild({ ...job, checkpoint, checkpointAtSteps: [5, 11] });
    expect(whole.summary).toEqual(straight.summary);
    const before = { ...whole, points: whole.points.filter(({ step }) => step <= 11) };
    const after = await trainInChild({ ...job, resume: checkpoint });
    expect(outcome(before, after)).toEqual(outcome(straight));
  });

  test('twice goes on to the same bits', async (context) => {
    needsBackend(context);
    const [first, second] = [join(folder, 'first.safetensors'), join(folder, 'second.safetensors')];
    const one = await trainInChild({ ...job, stopAtStep: 3, checkpoint: first });
    const two = await trainInChild({ ...job, resume: first, stopAtStep: 18, checkpoint: second });
    const rest = await trainInChild({ ...job, resume: second });
    expect(outcome(one, two, rest)).toEqual(outcome(straight));
  });
});
