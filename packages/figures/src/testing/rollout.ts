import type { NdArray } from '../data/npz.js';
import type { Rollout } from '../data/rollout.js';
import { f4, i4, u1 } from './arrays.js';

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
  const movie = (at: (frame: number) => number): NdArray =>
    u1([clips, frames, side, side, channels], (i) => {
      const column = Math.floor((i % (side * channels)) / channels);
      const place = at(Math.floor(i / pixels) % frames);
      return column >= place && column < place + 3 ? 220 : 20;
    });
  const curve = (of: (i: number) => number): NdArray => f4([frames - given], of);
  return {
    clip_at: i4([clips, 2], (i) => (i % 2 === 0 ? 5 + i : 0)),
    frames_true: movie((frame) => frame),
    frames_rolled: movie((frame) => Math.min(frame, given)),
    keypoints: f4([clips, frames, 1, 2], () => 0),
    transparency: f4([clips, frames, 1], () => 1),
    psnr: curve((i) => 30 - i),
    ssim: curve((i) => 0.9 - 0.1 * i),
    repeat_psnr: curve((i) => 25 - i),
    repeat_ssim: curve((i) => 0.8 - 0.1 * i),
    position_error: curve((i) => i),
    seconds_per_frame: f4([1], () => 0.0625),
  };
}
