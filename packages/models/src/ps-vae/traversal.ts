import * as tf from '@tensorflow/tfjs-core';
import type { Trial } from '@trawl/datasets';
import type { EvaluationArray } from '@trawl/spec';
import { EVALUATION_LIMITS } from '@trawl/spec';
import type { NpyArray } from '../npz.js';
import { boundary } from './checkpoint.js';
import type { FrameShape } from './network.js';
import { unitsOf } from './passes.js';
import { percentile } from './percentile.js';
import type { Run } from './run.js';
import { trialAt } from './run.js';

const { baseFrames, steps, minSteps, traversalBytes, labelPercentiles, latentPercentiles } = EVALUATION_LIMITS;

/** Frames decoded at once. */
const BATCH = 64;

/** How many base frames and steps keep the decoded frames within their limit. */
export function traversalSize(
  { height, width, channels }: FrameShape,
  latents: number,
): { base: number; steps: number } {
  const row = latents * height * width * channels;
  for (let base: number = baseFrames; base >= 1; base -= 1) {
    for (let count: number = steps; count >= minSteps; count -= 2) {
      if (base * count * row <= traversalBytes) return { base, steps: count };
    }
  }
  return { base: 0, steps };
}

/** Trial and frame in the middle of each of four equal stretches of the data, the first `count` of them. */
export function baseFramesOf(
  trials: readonly Pick<Trial, 'nFrames'>[],
  count: number,
): [trial: number, frame: number][] {
  const total = trials.reduce((sum, { nFrames }) => sum + nFrames, 0);
  return Array.from({ length: count }, (_, b): [number, number] => {
    let frame = Math.floor(((2 * b + 1) * total) / (2 * baseFrames));
    const trial = trials.findIndex(({ nFrames }) => {
      if (frame < nFrames) return true;
      frame -= nFrames;
      return false;
    });
    return [trial, frame];
  });
}

const linspace = (low: number, high: number, n: number): number[] =>
  Array.from({ length: n }, (_, i) => low + ((high - low) * i) / (n - 1));

/** Column `at` of rows of `width`, those where `mask` is not 0. */
function column(values: Float32Array, width: number, at: number, mask: Float32Array | null = null): number[] {
  const found: number[] = [];
  for (let i = at; i < values.length; i += width) if (mask?.[i] !== 0) found.push(values[i] ?? Number.NaN);
  return found;
}

type TraversalArray = Extract<EvaluationArray, `base_${string}` | `traversal_${string}`>;

/** Traversals of every latent from a few base frames; `means` are posterior means [frames, latents] by trial. */
export async function traversals(run: Run, means: readonly Float32Array[]): Promise<Record<TraversalArray, NpyArray>> {
  const { model } = run;
  const { network, shape } = model;
  const { height, width, channels, labels } = shape;
  const latents = model.params.n_ae_latents;
  const size = traversalSize(shape, latents);
  const { trials } = run.ctx.dataset;
  const at = baseFramesOf(trials, size.base);

  // Supervised, unsupervised, then background, which lies between them in a mean.
  const unsupervised = unitsOf(model);
  const order = Array.from({ length: latents }, (_, i) => {
    if (i < labels) return i;
    return i < labels + unsupervised ? i + shape.background : i - unsupervised;
  });
  const shown = order.map((d) => {
    const values =
      d < labels
        ? trials.flatMap((trial) => (trial.labels ? column(trial.labels, labels, d, trial.labelMasks) : []))
        : means.flatMap((rows) => column(rows, latents, d));
    const [low, high] = d < labels ? labelPercentiles : latentPercentiles;
    return linspace(percentile(values, low), percentile(values, high), size.steps);
  });
  // What the decoder takes: a supervised latent that predicts the value.
  const scale = network.variables.get('labels.scale')?.dataSync() ?? [];
  const shift = network.variables.get('labels.shift')?.dataSync() ?? [];
  const latent = (d: number, value: number): number =>
    d < labels ? (value - (shift[d] ?? 0)) / (scale[d] ?? 1) : value;

  const codes: Float32Array[] = at.flatMap(([trial, frame]) => {
    const base = means[trial]?.subarray(frame * latents, (frame + 1) * latents) ?? new Float32Array(latents);
    return shown.flatMap((values, i) =>
      values.map((value) => {
        const code = base.slice();
        const d = order[i] ?? 0;
        code[d] = latent(d, value);
        return code;
      }),
    );
  });
  const pixels = height * width * channels;
  const frames = new Uint8Array(codes.length * pixels);
  for (let from = 0; from < codes.length; from += BATCH) {
    const batch = codes.slice(from, from + BATCH);
    const decoded = tf.tidy(() =>
      network.decode(
        tf.tensor2d(
          batch.flatMap((code) => [...code]),
          [batch.length, latents],
        ),
      ),
    );
    decoded.dataSync().forEach((value, i) => (frames[from * pixels + i] = Math.round(255 * value)));
    decoded.dispose();
    await boundary(run);
  }
  const originals = new Uint8Array(at.length * pixels);
  at.forEach(([trial, index], b) =>
    originals.set(trialAt(run, trial).frames.subarray(index * pixels, (index + 1) * pixels), b * pixels),
  );
  const frame = [height, width, channels];
  return {
    base_frame_at: { shape: [at.length, 2], data: Int32Array.from(at.flat()) },
    base_frames: { shape: [at.length, ...frame], data: originals },
    traversal_values: { shape: [latents, size.steps], data: Float32Array.from(shown.flat()) },
    traversal_frames: { shape: [at.length, latents, size.steps, ...frame], data: frames },
  };
}
