import type { NdArray } from '../data/npz.js';
import type { Rollout } from '../data/rollout.js';

interface Sizes {
  clips?: number;
  frames?: number;
  given?: number;
  side?: number;
  channels?: number;
}

/** A square that moves, and in the rollout comes to rest where frames are predicted. */
export function rolloutOf({ clips = 2, frames = 8, given = 3, side = 16, channels = 3 }: Sizes = {}): Rollout {
  const pixels = side * side * channels;
  const movie = (at: (frame: number) => number): NdArray => ({
    shape: [clips, frames, side, side, channels],
    data: Uint8Array.from({ length: clips * frames * pixels }, (_, i) => {
      const column = Math.floor((i % (side * channels)) / channels);
      const place = at(Math.floor(i / pixels) % frames);
      return column >= place && column < place + 3 ? 220 : 20;
    }),
  });
  const curve = (of: (i: number) => number): NdArray => ({
    shape: [frames - given],
    data: Float32Array.from({ length: frames - given }, (_, i) => of(i)),
  });
  return {
    clip_at: { shape: [clips, 2], data: Int32Array.from({ length: 2 * clips }, (_, i) => (i % 2 === 0 ? 5 + i : 0)) },
    frames_true: movie((frame) => frame),
    frames_rolled: movie((frame) => Math.min(frame, given)),
    keypoints: { shape: [clips, frames, 1, 2], data: new Float32Array(2 * clips * frames) },
    transparency: { shape: [clips, frames, 1], data: new Float32Array(clips * frames).fill(1) },
    psnr: curve((i) => 30 - i),
    ssim: curve((i) => 0.9 - 0.1 * i),
    repeat_psnr: curve((i) => 25 - i),
    repeat_ssim: curve((i) => 0.8 - 0.1 * i),
    position_error: curve((i) => i),
    seconds_per_frame: { shape: [1], data: Float32Array.of(0.0625) },
  };
}
