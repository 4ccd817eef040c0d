import * as tf from '@tensorflow/tfjs-core';
import type { Trial } from '@trawl/datasets';
import type { Gradients, Optimizer } from '@trawl/nn';
import { valueAndGradients } from '@trawl/nn';
import type { Chunk } from './batch.js';
import { chunksOf, frameMasksOf, framesOf, rowsOf } from './batch.js';
import type { Term } from './loss.js';
import { psVaeLoss, squaredError, TERMS } from './loss.js';
import type { FrameShape, PsVaeNetwork } from './network.js';
import type { PsVaeParams } from './params.js';
import type { Weights } from './schedule.js';
import type { ChunkReport } from './sums.js';

export interface Model {
  network: PsVaeNetwork;
  params: PsVaeParams;
  shape: FrameShape;
}

/** Loss and, in one tensor so that one transfer reads them, all that the host wants of a chunk. */
interface Forward extends Record<string, tf.Tensor> {
  loss: tf.Scalar;
  report: tf.Tensor1D;
}

const row = (values: tf.Tensor): tf.Tensor1D => tf.reshape(values, [-1]);

/** `noise` is [trial frames, latents]. With `fromMeans` the pixel error is that of the posterior means' frames. */
function forward(
  { network, params, shape }: Model,
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
  const terms = psVaeLoss(
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
    },
    { alpha: params.alpha, frameStd: params.frame_std, weights },
  );
  if (fromMeans) {
    const pixels = shape.height * shape.width * shape.channels;
    terms.loss_data_mse = tf.div(squaredError(x, network.decode(mean), xMask), pixels);
  }
  return {
    loss: terms.loss,
    report: tf.concat1d([row(tf.stack(TERMS.map((term) => terms[term]))), row(yHat), row(mean)]),
  };
}

function read(chunk: Chunk, report: tf.Tensor1D, labels: number): ChunkReport {
  const values = report.dataSync<'float32'>();
  const meansFrom = TERMS.length + (chunk.end - chunk.start) * labels;
  const at = (term: Term): number => values[TERMS.indexOf(term)] ?? Number.NaN;
  return {
    chunk,
    terms: {
      loss: at('loss'),
      loss_data_ll: at('loss_data_ll'),
      loss_label_ll: at('loss_label_ll'),
      loss_zs_kl: at('loss_zs_kl'),
      loss_zu_mi_raw: at('loss_zu_mi_raw'),
      loss_zu_tc_raw: at('loss_zu_tc_raw'),
      loss_zu_dwkl_raw: at('loss_zu_dwkl_raw'),
      loss_data_mse: at('loss_data_mse'),
    },
    yHat: values.slice(TERMS.length, meansFrom),
    mean: values.slice(meansFrom),
  };
}

/** One optimiser update from one trial: the frame-weighted mean of its chunks' gradients (BehaveNet takes their sum). */
export function trainStep(
  model: Model,
  optimizer: Optimizer,
  trial: Trial,
  noise: Float32Array,
  weights: Weights,
): ChunkReport[] {
  let reports: ChunkReport[] = [];
  tf.tidy(() => {
    const { gradients, read: readAll } = trialGradients(model, trial, noise, weights);
    optimizer.apply(gradients);
    reports = readAll();
  });
  return reports;
}

/** Inside a tidy. `read` waits for the device. */
export function trialGradients(
  model: Model,
  trial: Trial,
  noise: Float32Array,
  weights: Weights,
): { gradients: Gradients; read: () => ChunkReport[] } {
  const { variables } = model.network;
  const mean: Gradients = new Map();
  const pending: { chunk: Chunk; report: tf.Tensor1D }[] = [];
  for (const chunk of chunksOf(trial, model.params.chunk_size)) {
    const { values, gradients } = valueAndGradients(variables, () => forward(model, chunk, noise, weights));
    pending.push({ chunk, report: values.report });
    const share = (chunk.end - chunk.start) / trial.nFrames;
    for (const [name, gradient] of gradients) {
      const before = mean.get(name);
      const part = share === 1 ? gradient : tf.mul(gradient, share);
      mean.set(name, before ? tf.add(before, part) : part);
    }
  }
  return { gradients: mean, read: () => pending.map(({ chunk, report }) => read(chunk, report, model.shape.labels)) };
}

/** Losses and posterior means of a trial, no update. */
export function evaluateTrial(
  model: Model,
  trial: Trial,
  noise: Float32Array,
  weights: Weights,
  fromMeans = false,
): ChunkReport[] {
  return chunksOf(trial, model.params.chunk_size).map((chunk) => {
    const report = tf.tidy(() => forward(model, chunk, noise, weights, fromMeans).report);
    const values = read(chunk, report, model.shape.labels);
    report.dispose();
    return values;
  });
}
