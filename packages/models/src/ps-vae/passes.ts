import * as tf from '@tensorflow/tfjs-core';
import type { Trial } from '@trawl/datasets';
import type { Gradients, Optimizer } from '@trawl/nn';
import { valueAndGradients } from '@trawl/nn';
import type { Chunk, JointTrial } from './batch.js';
import { chunksOf, frameMasksOf, framesOf, rowsOf } from './batch.js';
import type { Objective, Term } from './loss.js';
import { squaredError } from './loss.js';
import type { FrameShape, NetworkParams, PsVaeNetwork } from './network.js';
import type { PsVaeParams } from './params.js';
import type { Weights } from './schedule.js';
import type { ChunkReport } from './sums.js';

/** Parameters of any model of the family; those that it lacks have values without effect. */
export type FamilyParams = Omit<PsVaeParams, 'sampling'> & NetworkParams;

/** Unsupervised latents: the last of a mean. */
export const unitsOf = ({ params, shape }: Pick<Model, 'params' | 'shape'>): number =>
  params.n_ae_latents - shape.labels - shape.background;

export interface Model {
  network: PsVaeNetwork;
  params: FamilyParams;
  shape: FrameShape;
  objective: Objective;
}

/** Loss and, in one tensor so that one transfer reads them, all that the host wants of a chunk. */
interface Forward extends Record<string, tf.Tensor> {
  loss: tf.Scalar;
  report: tf.Tensor1D;
}

const row = (values: tf.Tensor): tf.Tensor1D => tf.reshape(values, [-1]);

/** `noise` is [trial frames, latents]. With `fromMeans` the pixel error is that of the posterior means' frames. */
function forward(
  { network, params, shape, objective }: Model,
  chunk: Chunk,
  noise: Float32Array,
  weights: Weights,
  fromMeans = false,
): Forward {
  const frames = chunk.end - chunk.start;
  const latents = params.n_ae_latents;
  const rows = (values: Float32Array | null): tf.Tensor2D =>
    tf.tensor2d(rowsOf(chunk, values ?? new Float32Array(0), shape.labels), [frames, shape.labels]);
  const x = framesOf(chunk, shape);
  const xMask = params.use_output_mask ? frameMasksOf(chunk, shape) : null;
  const { mean, logvar } = network.encode(x);
  const z = network.sample(mean, logvar, tf.tensor2d(rowsOf(chunk, noise, latents), [frames, latents]));
  const yHat = network.predictLabels(mean);
  const terms = objective.loss(
    {
      x,
      xHat: network.decode(z),
      xMask,
      y: rows(chunk.trial.labels),
      yHat,
      yMask: params.use_label_mask && chunk.trial.labelMasks ? rows(chunk.trial.labelMasks) : null,
      z,
      mean,
      logvar,
      ...('triplets' in chunk.trial && { triplets: chunk.trial.triplets }),
    },
    { alpha: params.alpha, frameStd: params.frame_std, weights },
  );
  if (fromMeans) {
    const pixels = shape.height * shape.width * shape.channels;
    terms.loss_data_mse = tf.div(squaredError(x, network.decode(mean), xMask), pixels);
  }
  return {
    loss: terms.loss,
    report: tf.concat1d([row(tf.stack(objective.terms.flatMap((term) => terms[term] ?? []))), row(yHat), row(mean)]),
  };
}

/** What the reports of a trial's chunks, one behind the other, say. */
export function reportsOf(model: Model, trial: Trial | JointTrial, values: Float32Array): ChunkReport[] {
  const { objective, params, shape } = model;
  let at = 0;
  return chunksOf(trial, params.approx_batch_size).map((chunk) => {
    const size = objective.terms.length + (chunk.end - chunk.start) * (shape.labels + params.n_ae_latents);
    const own = values.slice(at, at + size);
    at += size;
    return reportOf(model, chunk, own);
  });
}

function reportOf({ objective, shape }: Model, chunk: Chunk, values: Float32Array): ChunkReport {
  const { terms } = objective;
  const meansFrom = terms.length + (chunk.end - chunk.start) * shape.labels;
  return {
    chunk,
    terms: Object.fromEntries(
      terms.flatMap((term, i): [Term, number][] =>
        // Trials are evaluated one by one, and a triplet needs two sessions.
        term === 'loss_triplet' && !('triplets' in chunk.trial) ? [] : [[term, values[i] ?? Number.NaN]],
      ),
    ),
    yHat: values.slice(terms.length, meansFrom),
    mean: values.slice(meansFrom),
  };
}

/**
 * One optimiser update from one trial: the frame-weighted mean of its chunks' gradients (BehaveNet takes their sum).
 * Returns what `reportsOf` understands, still on the device.
 */
export function trainStep(
  model: Model,
  optimizer: Optimizer,
  trial: Trial | JointTrial,
  noise: Float32Array,
  weights: Weights,
): tf.Tensor1D {
  return tf.tidy(() => {
    const { gradients, reports } = trialGradients(model, trial, noise, weights);
    optimizer.apply(gradients);
    return reports;
  });
}

/** Inside a tidy. */
export function trialGradients(
  model: Model,
  trial: Trial | JointTrial,
  noise: Float32Array,
  weights: Weights,
): { gradients: Gradients; reports: tf.Tensor1D } {
  const { variables } = model.network;
  const mean: Gradients = new Map();
  const reports: tf.Tensor1D[] = [];
  for (const chunk of chunksOf(trial, model.params.approx_batch_size)) {
    const { values, gradients } = valueAndGradients(variables, () => forward(model, chunk, noise, weights));
    reports.push(values.report);
    const share = (chunk.end - chunk.start) / trial.nFrames;
    for (const [name, gradient] of gradients) {
      const before = mean.get(name);
      const part = share === 1 ? gradient : tf.mul(gradient, share);
      mean.set(name, before ? tf.add(before, part) : part);
    }
  }
  return { gradients: mean, reports: tf.concat1d(reports) };
}

/** Losses and posterior means of a trial, no update. */
export function evaluateTrial(
  model: Model,
  trial: Trial | JointTrial,
  noise: Float32Array,
  weights: Weights,
  fromMeans = false,
): ChunkReport[] {
  return chunksOf(trial, model.params.approx_batch_size).map((chunk) => {
    const report = tf.tidy(() => forward(model, chunk, noise, weights, fromMeans).report);
    // A copy: natively the array is the tensor's own.
    const values = report.dataSync<'float32'>().slice();
    report.dispose();
    return reportOf(model, chunk, values);
  });
}
