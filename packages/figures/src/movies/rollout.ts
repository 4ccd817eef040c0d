import { part, size } from '../data/evaluation.js';
import { type Image, imageOf } from '../data/image.js';
import type { NdArray } from '../data/npz.js';
import type { Rollout } from '../data/rollout.js';
import { FigureFault } from '../fault.js';
import type { Movie } from './movie.js';

/** Clips of the data beside their rollouts. */
export interface RolloutMovie {
  title: string;
  subtitle: string;
  rollout: Rollout;
  /** Which, from 0; null: all. */
  clips: number[] | null;
}

/** @throws FigureFault where there is no such clip */
export function rolloutMovie({ title, subtitle, rollout, clips }: RolloutMovie): Movie {
  const { clip_at, frames_true, frames_rolled, psnr, seconds_per_frame } = rollout;
  const count = size(clip_at, 0);
  const frames = size(frames_true, 1);
  const given = frames - size(psnr, 0);
  for (const clip of clips ?? []) {
    if (clip >= count) throw new FigureFault('base', clip, `0 to ${count - 1}`);
  }
  const chosen = clips ?? [...Array(count).keys()];
  const panel = (name: string, of: NdArray) => ({
    title: name,
    low: 'frame 0',
    high: `${frames - 1}`,
    scenes: chosen.map((clip) => picturesOf(of, clip)),
  });
  return {
    title,
    subtitle,
    scenes: chosen.map((clip) => {
      const [trial, first] = part(clip_at, clip);
      return `trial ${trial ?? '?'} from frame ${first ?? '?'}: ${given} given (blue), ${frames - given} predicted (orange)`;
    }),
    columns: 2,
    panels: [panel('data', frames_true), panel('rollout', frames_rolled)],
    time: { given, framesPerSecond: 1 / (seconds_per_frame.data[0] ?? Number.NaN) },
  };
}

function picturesOf(frames: NdArray, clip: number): Image[] {
  const [height = 1, width = 1, channels = 1] = frames.shape.slice(2);
  return Array.from({ length: size(frames, 1) }, (_, step) =>
    imageOf(part(frames, clip, step), height, width, channels),
  );
}
