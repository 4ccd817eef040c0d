import * as tf from '@tensorflow/tfjs-core';
import type { VideoDataset } from '@trawl/datasets';
import { psnrOf, ssim } from '../dlp/images.js';
import { glimpseSide } from '../dlp/geometry.js';
import type { LeftFile } from '../dlp/loop/model.js';
import { SETTLED } from '../dlp/loop/schedule.js';
import { upright } from '../dlp/loss.js';
import { matchedDistances } from '../dlp/matching.js';
import type { Place } from '../dlp/matching.js';
import { VISIBLE } from '../dlp/metricCards.js';
import { objectsOf } from '../dlp/sums.js';
import type { Distance } from '../vgg/distance.js';
import type { Clip } from './clips.js';
import { clipsOf, videoOf } from './clips.js';
import type { DdlpNetwork } from './network.js';
import { cut, latentsOf } from './network.js';
import type { DdlpParams } from './params.js';
import type { Scene } from './pint.js';
import type { ShownRollout } from './rolloutFiles.js';
import { rolloutFiles, shownAtMost } from './rolloutFiles.js';

/** Sums over rollouts, of each predicted frame. */
export interface StepSums {
  psnr: number;
  ssim: number;
  /** Null where it is not measured. */
  lpips: number | null;
  repeatPsnr: number;
  repeatSsim: number;
  /** True objects, those matched, the sum of their distances in pixels, and those within half a glimpse. */
  objects: number;
  matched: number;
  distance: number;
  found: number;
  /** True objects that were in the last given frame, too, and the sum of their distances from there in pixels. */
  repeatMatched: number;
  repeatDistance: number;
}

export interface Rollouts {
  /** A few rollouts each. */
  pieces: Iterable<() => void>;
  metrics(): Record<string, number>;
  files(): LeftFile[];
}

/**
 * Held-out clips rolled out from their first cond_steps frames, without another look, by posterior means: every stretch of
 * animation_horizon frames of some trials.
 */
export function rolloutsOf(
  network: DdlpNetwork,
  params: DdlpParams,
  dataset: VideoDataset,
  trials: readonly number[],
  lpips: Distance | null,
): Rollouts {
  const { animation_horizon: horizon, cond_steps: given, batch_size, timestep_horizon } = params;
  const clips = clipsOf(dataset, trials, horizon, horizon);
  const steps: StepSums[] = Array.from({ length: horizon - given }, () => ({
    psnr: 0,
    ssim: 0,
    lpips: lpips === null ? null : 0,
    repeatPsnr: 0,
    repeatSsim: 0,
    objects: 0,
    matched: 0,
    distance: 0,
    found: 0,
    repeatMatched: 0,
    repeatDistance: 0,
  }));
  const shown: ShownRollout[] = [];
  const most = shownAtMost(dataset.facts, horizon);
  // As many images at a time as a training step has.
  const images = batch_size * (timestep_horizon + 1);
  const atOnce = Math.max(1, Math.floor(images / horizon));

  function roll(some: readonly Clip[]): void {
    tf.tidy(() => {
      const video = videoOf(dataset, some, horizon);
      const [b, , height, width, c] = video.shape;
      const start = network.encode(tf.slice(video, [0, 0, 0, 0, 0], [b, given, height, width, c]), SETTLED, null);
      const scene = network.rollOut(start, horizon - given);
      const particles = hostOf(scene);
      some.forEach((clip, i) => addPlaces(steps, dataset, clip, particles, i, params));
      const pixels = some.map(() => new Uint8Array(horizon * height * width * c));
      const frames = Math.max(1, Math.floor(images / b));
      for (let first = 0; first < horizon; first += frames) {
        const count = Math.min(frames, horizon - first);
        tf.tidy(() => {
          const latents = latentsOf(cut(scene, first, count));
          const rolled = tf.clipByValue(network.decode(latents, SETTLED, null).reconstruction, 0, 1);
          const columns = (of: tf.Tensor): tf.Tensor4D =>
            tf.reshape(tf.transpose(of, [0, 1, 2, 4, 3]), [b * count, height, c, width]);
          const truth = columns(tf.slice(video, [0, first, 0, 0, 0], [b, count, height, width, c]));
          const last = tf.slice(video, [0, given - 1, 0, 0, 0], [b, 1, height, width, c]);
          const repeated = columns(tf.tile(last, [1, count, 1, 1, 1]));
          const found = [psnrOf(truth, rolled), ssim(truth, rolled), psnrOf(truth, repeated), ssim(truth, repeated)];
          const [psnr, similarity, repeatPsnr, repeatSsim] = found.map((each) => each.dataSync<'float32'>());
          const perceived = lpips?.(upright(truth), upright(rolled)).dataSync<'float32'>();
          for (let i = 0; i < b * count; i += 1) {
            const step = steps[first + (i % count) - given];
            if (!step) continue;
            step.psnr += psnr?.[i] ?? Number.NaN;
            step.ssim += similarity?.[i] ?? Number.NaN;
            if (step.lpips !== null) step.lpips += perceived?.[i] ?? Number.NaN;
            step.repeatPsnr += repeatPsnr?.[i] ?? Number.NaN;
            step.repeatSsim += repeatSsim?.[i] ?? Number.NaN;
          }
          if (shown.length >= most) return;
          const values = tf.transpose(rolled, [0, 1, 3, 2]).dataSync<'float32'>();
          const size = count * height * width * c;
          pixels.forEach((to, i) => {
            const part = values.subarray(i * size, (i + 1) * size);
            to.set(
              Uint8Array.from(part, (value) => Math.round(255 * value)),
              (first * size) / count,
            );
          });
        });
      }
      some.slice(0, most - shown.length).forEach((clip, i) => {
        const k = params.n_kp_enc;
        const rows = (of: Float32Array, wide: number) => of.slice(i * horizon * k * wide, (i + 1) * horizon * k * wide);
        shown.push({
          clip,
          rolled: pixels[i] ?? new Uint8Array(0),
          keypoints: rows(particles.positions, 2),
          transparency: rows(particles.visible, 1),
        });
      });
    });
  }

  return {
    pieces: Array.from({ length: Math.ceil(clips.length / atOnce) }, (_, i) => () => {
      roll(clips.slice(i * atOnce, (i + 1) * atOnce));
    }),
    metrics: () => metricsOf(steps, clips.length),
    files: () => rolloutFiles({ dataset, params, steps, count: clips.length, shown }),
  };
}

interface Particles {
  positions: Float32Array;
  visible: Float32Array;
}

const hostOf = ({ position, transparency }: Scene): Particles => ({
  positions: position.dataSync<'float32'>(),
  visible: transparency.dataSync<'float32'>(),
});

function addPlaces(
  steps: StepSums[],
  dataset: VideoDataset,
  { trial, first }: Clip,
  { positions, visible }: Particles,
  clip: number,
  { n_kp_enc: k, cond_steps, animation_horizon: horizon, image_size, anchor_s }: DdlpParams,
): void {
  const of = dataset.trials[trial];
  if (!of) return;
  const reach = glimpseSide(anchor_s, image_size) / 2;
  // -1..1 spans size - 1 pixels.
  const pixelsTo = (objects: readonly Place[], places: readonly Place[]): number[] =>
    matchedDistances(objects, places).map((distance) => (distance * (image_size - 1)) / 2);
  const last = objectsOf(of, first + cond_steps - 1);
  steps.forEach((step, i) => {
    const frame = cond_steps + i;
    const objects = objectsOf(of, first + frame);
    if (!objects) return;
    const places: Place[] = [];
    for (let p = (clip * horizon + frame) * k, end = p + k; p < end; p += 1) {
      if ((visible[p] ?? 0) > VISIBLE) places.push([positions[2 * p] ?? 0, positions[2 * p + 1] ?? 0]);
    }
    const distances = pixelsTo(objects, places);
    const still = pixelsTo(objects, last ?? []);
    step.objects += objects.length;
    step.matched += distances.length;
    step.distance += distances.reduce((a, b) => a + b, 0);
    step.found += distances.filter((distance) => distance <= reach).length;
    step.repeatMatched += still.length;
    step.repeatDistance += still.reduce((a, b) => a + b, 0);
  });
}

/** By name without split. */
function metricsOf(steps: readonly StepSums[], count: number): Record<string, number> {
  const sum = (of: (step: StepSums) => number): number => steps.reduce((total, step) => total + of(step), 0);
  const mean = (of: (step: StepSums) => number): number => sum(of) / (steps.length * count);
  const objects = sum((step) => step.objects);
  return {
    rollout_psnr: mean((step) => step.psnr),
    rollout_psnr_first: (steps[0]?.psnr ?? Number.NaN) / count,
    rollout_psnr_last: (steps.at(-1)?.psnr ?? Number.NaN) / count,
    rollout_ssim: mean((step) => step.ssim),
    ...(steps.every(({ lpips }) => lpips !== null) && { rollout_lpips: mean((step) => step.lpips ?? Number.NaN) }),
    repeat_psnr: mean((step) => step.repeatPsnr),
    repeat_ssim: mean((step) => step.repeatSsim),
    ...(objects > 0 && {
      rollout_position_error: sum((step) => step.distance) / sum((step) => step.matched),
      rollout_objects_found: sum((step) => step.found) / objects,
      repeat_position_error: sum((step) => step.repeatDistance) / sum((step) => step.repeatMatched),
    }),
  };
}
