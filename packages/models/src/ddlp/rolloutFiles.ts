import type { VideoDataset } from '@trawl/datasets';
import type { DatasetFacts, RolloutArray } from '@trawl/spec';
import { ROLLOUT_FILE, ROLLOUT_LIMITS } from '@trawl/spec';
import type { LeftFile } from '../dlp/loop/model.js';
import type { NpyArray } from '../npz.js';
import { npz } from '../npz.js';
import type { Clip } from './clips.js';
import type { DdlpParams } from './params.js';
import type { StepSums } from './rollouts.js';

/** A rollout as its movie shows it. */
export interface ShownRollout {
  clip: Clip;
  /** [horizon, height, width, channels]. */
  rolled: Uint8Array;
  /** [horizon, particles, 2] and [horizon, particles]. */
  keypoints: Float32Array;
  transparency: Float32Array;
}

/** How many rollouts of so many frames the file has room for. */
export function shownAtMost({ height, width, channels }: DatasetFacts, horizon: number): number {
  const bytes = 2 * horizon * height * width * channels;
  return Math.max(1, Math.min(ROLLOUT_LIMITS.rollouts, Math.floor(ROLLOUT_LIMITS.bytes / bytes)));
}

interface Rolled {
  dataset: VideoDataset;
  params: DdlpParams;
  steps: readonly StepSums[];
  /** Rollouts that `steps` sums over. */
  count: number;
  shown: readonly ShownRollout[];
}

/** `ROLLOUT_FILE`, and its curves as CSV. */
export function rolloutFiles(rolled: Rolled): LeftFile[] {
  return [
    { name: ROLLOUT_FILE, content: npz(arraysOf(rolled), { compress: true }), mediaType: 'application/zip' },
    { name: 'rollout.csv', content: Buffer.from(csvOf(rolled)), mediaType: 'text/csv' },
  ];
}

interface Curves {
  psnr: number[];
  ssim: number[];
  repeat_psnr: number[];
  repeat_ssim: number[];
  position_error: number[];
  repeat_position_error: number[];
}

const curvesOf = ({ steps, count }: Rolled): Curves => ({
  psnr: steps.map(({ psnr }) => psnr / count),
  ssim: steps.map(({ ssim }) => ssim / count),
  repeat_psnr: steps.map(({ repeatPsnr }) => repeatPsnr / count),
  repeat_ssim: steps.map(({ repeatSsim }) => repeatSsim / count),
  position_error: steps.map(({ distance, matched }) => distance / matched),
  repeat_position_error: steps.map(({ repeatDistance, repeatMatched }) => repeatDistance / repeatMatched),
});

const curve = (values: readonly number[]): NpyArray => ({ shape: [values.length], data: Float32Array.from(values) });

function arraysOf(rolled: Rolled): Record<RolloutArray, NpyArray> {
  const { dataset, params, shown } = rolled;
  const { height, width, channels } = dataset.facts;
  const { animation_horizon: horizon, n_kp_enc: k, animation_fps } = params;
  const frame = height * width * channels;
  const n = shown.length;
  const pictures = [n, horizon, height, width, channels];
  const truth = shown.map(
    ({ clip }) =>
      dataset.trials[clip.trial]?.frames.subarray(clip.first * frame, (clip.first + horizon) * frame) ??
      new Uint8Array(0),
  );
  const curves = curvesOf(rolled);
  return {
    clip_at: { shape: [n, 2], data: Int32Array.from(shown.flatMap(({ clip }) => [clip.trial, clip.first])) },
    frames_true: { shape: pictures, data: Uint8Array.from(Buffer.concat(truth)) },
    frames_rolled: {
      shape: pictures,
      data: Uint8Array.from(Buffer.concat(shown.map((one) => one.rolled))),
    },
    keypoints: {
      shape: [n, horizon, k, 2],
      data: Float32Array.from(shown.flatMap(({ keypoints }) => [...keypoints])),
    },
    transparency: {
      shape: [n, horizon, k],
      data: Float32Array.from(shown.flatMap(({ transparency }) => [...transparency])),
    },
    psnr: curve(curves.psnr),
    ssim: curve(curves.ssim),
    repeat_psnr: curve(curves.repeat_psnr),
    repeat_ssim: curve(curves.repeat_ssim),
    position_error: curve(curves.position_error),
    seconds_per_frame: { shape: [1], data: Float32Array.of(animation_fps) },
  };
}

/** A line for each predicted frame; a cell is empty where there is no number. */
function csvOf(rolled: Rolled): string {
  const curves = Object.entries(curvesOf(rolled));
  const lines = rolled.steps.map((_, i) => {
    const cells = curves.map(([, values]: [string, number[]]) => {
      const value = values[i] ?? Number.NaN;
      return Number.isFinite(value) ? value.toPrecision(6) : '';
    });
    return [rolled.params.cond_steps + i, ...cells].join(',');
  });
  return `${['frame', ...curves.map(([name]) => name)].join(',')}\n${lines.join('\n')}\n`;
}
