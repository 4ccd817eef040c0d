import { expect, test } from 'vitest';
import { describeCutRuns } from './cutRuns.js';

const dlp = {
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
};

// In the warm-up, in mid-epoch, after the last step but before its validation and the summary.
describeCutRuns('a DLP run', dlp, [1, 6, 12], ({ straight, needsBackend }) => {
  test('runs at all: warm-up, a noisy epoch, a whole one; and leaves nothing', (context) => {
    needsBackend(context);
    const { state, steps, leaked, tensors, artifacts, summary } = straight();
    expect(state).toBe('succeeded');
    expect(steps.at(-1)?.step).toBe(12);
    expect(leaked).toBe(0);
    // Every other turn is between two steps, where nothing but weights, slots and best weights lives.
    expect(new Set(tensors.slice(-4)).size).toBe(1);
    expect(Object.keys(artifacts)).toEqual(
      expect.arrayContaining(['weights.safetensors', 'particles.npz', 'particles.png']),
    );
    for (const name of ['val.psnr', 'val.ssim', 'test.loss', 'train.loss_kl_kp', 'val.obj_on_l1']) {
      expect(summary).toHaveProperty([name], expect.any(Number));
    }
  });
});
