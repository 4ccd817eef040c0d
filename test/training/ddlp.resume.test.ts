import { expect, test } from 'vitest';
import { describeCutRuns } from './cutRuns.js';

/** Warm-up of images, a noisy epoch of clips, a whole one; 2 steps each. */
const ddlp = {
  model: 'ddlp',
  dataset: { kind: 'balls', train: 2, val: 1, test: 1, frames: 4, balls: 1, size: 32 },
  params: {
    image_size: 32,
    batch_size: 2,
    num_epochs: 3,
    n_kp_prior: 8,
    n_kp_enc: 3,
    enc_channels: [4, 8],
    prior_channels: [8, 8],
    timestep_horizon: 2,
    num_static_frames: 1,
    pint_dim: 8,
    pint_layers: 1,
    pint_heads: 2,
    start_dyn_epoch: 1,
    cond_steps: 2,
    animation_horizon: 4,
  },
  seed: 7,
};

// In the epoch in which the dynamics begin. The loop is dlp's, whose test has the other places.
describeCutRuns('a DDLP run', ddlp, [3], ({ straight, needsBackend }) => {
  test('runs at all, rolls out and leaves nothing', (context) => {
    needsBackend(context);
    const { state, steps, leaked, tensors, artifacts, summary } = straight();
    expect(state).toBe('succeeded');
    expect(steps.at(-1)?.step).toBe(6);
    expect(leaked).toBe(0);
    // The last turns are between passes, where nothing but weights, slots and best weights lives.
    expect(new Set(tensors.slice(-4)).size).toBe(1);
    expect(Object.keys(artifacts)).toEqual(
      expect.arrayContaining(['weights.safetensors', 'rollout.npz', 'rollout.csv', 'particles.npz', 'particles.png']),
    );
    for (const name of ['val.rollout_psnr', 'test.rollout_psnr_last', 'val.repeat_ssim', 'train.loss_kl_dyn']) {
      expect(summary).toHaveProperty([name], expect.any(Number));
    }
    // The ball of the validation clip moves 1.1177 pixels a frame, straight on; two frames are predicted.
    expect(summary['val.repeat_position_error']).toBeCloseTo(1.5 * 1.1177, 3);
  });
});
