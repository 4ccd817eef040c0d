import { expect, test } from 'vitest';
import { describeCutRuns, outcome } from './cutRuns.js';
import { trainInChild } from './trainInChild.js';

const psVae = {
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
};

// In the first step, in mid-epoch, after the last step but before its validation and the summary.
describeCutRuns('a PS-VAE run', psVae, [1, 13, 24], ({ job, straight, file, needsBackend }) => {
  test('runs at all', (context) => {
    needsBackend(context);
    expect(straight().state).toBe('succeeded');
    expect(straight().steps.at(-1)?.step).toBe(24);
  });

  test('without warning goes on from its last checkpoint to the same bits', async (context) => {
    needsBackend(context);
    const checkpoint = file('periodic');
    const whole = await trainInChild({ ...job, checkpoint, checkpointAtSteps: [5, 11] });
    expect(whole.summary).toEqual(straight().summary);
    const before = { ...whole, points: whole.points.filter(({ step }) => step <= 11) };
    const after = await trainInChild({ ...job, resume: checkpoint });
    expect(outcome(before, after)).toEqual(outcome(straight()));
  });

  test('twice goes on to the same bits', async (context) => {
    needsBackend(context);
    const [first, second] = [file('first'), file('second')];
    const one = await trainInChild({ ...job, stopAtStep: 3, checkpoint: first });
    const two = await trainInChild({ ...job, resume: first, stopAtStep: 18, checkpoint: second });
    const rest = await trainInChild({ ...job, resume: second });
    expect(outcome(one, two, rest)).toEqual(outcome(straight()));
  });
});
