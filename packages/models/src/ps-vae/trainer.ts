import { checkpointBytes, readBack, toHost } from '@trawl/nn';
import type { Params, Split } from '@trawl/spec';
import { EVALUATION_FILE } from '@trawl/spec';
import type { Trial } from '@trawl/datasets';
import type { Trainer } from '../contract.js';
import type { JointTrial } from './batch.js';
import type { NpyArray } from '../npz.js';
import { npz } from '../npz.js';
import { psVaeCard } from './card.js';
import { boundary } from './checkpoint.js';
import { joinTrials, jointOrder } from './joint.js';
import { evaluationFile } from './evaluation.js';
import { evaluateTrial, reportsOf, trainStep, unitsOf } from './passes.js';
import { psVaeObjective } from './loss.js';
import { PsVaeParams } from './params.js';
import type { Run } from './run.js';
import { dispose, keepBest, restoreBest } from '../bestWeights.js';
import { allWeights, filledSplits, noiseAt, trialAt } from './run.js';
import type { Weights } from './schedule.js';
import { better, isCandidate, isValidated, stopsEarly, weightsAt } from './schedule.js';
import { startRun } from './start.js';
import type { Variant } from './variant.js';
import { evaluateAll } from './summary.js';
import type { SplitSums } from './sums.js';
import { addTrial, assertFinite, metricsOf, splitSums, trainLatentMetrics } from './sums.js';

/**
 * BehaveNet's loop (training.py L244-461) with trawl's decisions: one trial a step; epoch 0 evaluates the untrained
 * network, epochs 1 to max_n_epochs train; the best model is chosen, and early stopping counts, after the ramp only;
 * the summary is the best model's.
 */
export const familyTrainer = (variant: Variant): Trainer => ({
  card: variant.card,
  async train(ctx) {
    const run = startRun(ctx, variant);
    try {
      while (!run.state.finished) await epoch(run);
      return await finish(run, variant);
    } finally {
      dispose(run);
    }
  },
});

const psVaeParams = (raw: Params): PsVaeParams => PsVaeParams.parse(raw);

export const psVae = familyTrainer({
  card: psVaeCard,
  params: psVaeParams,
  objective: () => psVaeObjective,
  latents: (_params, { labels }) => ({ labels, background: 0 }),
});

async function epoch(run: Run): Promise<void> {
  const { ctx, model, state } = run;
  const { anneal_epochs, beta, enable_early_stop, early_stop_history, max_n_epochs, min_n_epochs, val_check_interval } =
    model.params;
  const at = { epoch: state.epoch, step: state.step };
  const weights = weightsAt(at.epoch, anneal_epochs, beta);

  const train = at.epoch === 0 ? await evaluate(run, 'train', weights) : await trainEpoch(run, weights);
  const val = isValidated(at.epoch, val_check_interval, max_n_epochs) ? await evaluate(run, 'val', weights) : null;

  at.step = state.step;
  const schedule = Object.entries({ kl_weight: weights.kl, tc_weight: weights.tc }).filter(([name]) =>
    run.card.metrics.some((metric) => metric.name === name),
  );
  ctx.report({
    ...at,
    split: 'train',
    metrics: { ...metricsOf(train), ...trainLatentMetrics(train), ...Object.fromEntries(schedule) },
  });
  if (val) {
    const metrics = metricsOf(val);
    ctx.report({ ...at, split: 'val', metrics });
    if (isCandidate(at.epoch, anneal_epochs)) {
      state.best = better(state.best, at.epoch, metrics.loss ?? Number.NaN);
      if (state.best.epoch === at.epoch) keepBest(run);
    }
  }
  const stops = enable_early_stop && stopsEarly(at.epoch, state.best, early_stop_history, min_n_epochs);
  if (stops) ctx.log('info', `stopped early at epoch ${at.epoch}: no lower val.loss since epoch ${state.best?.epoch}`);
  state.finished = stops || at.epoch === max_n_epochs;
  state.epoch += 1;
  state.order = [];
  state.position = 0;
}

/** Every training trial once, in a fresh order; goes on in the middle of the epoch after a resume. */
async function trainEpoch(run: Run, weights: Weights): Promise<SplitSums> {
  const { batchTrials, model, optimizer, state } = run;
  const { n_ae_latents } = model.params;
  if (state.order.length === 0) {
    state.order = orderOf(run);
    state.sums = splitSums(model.shape.labels, unitsOf(model));
  }
  const steps = readBack<{ trial: Trial | JointTrial; where: string }>(({ trial, where }, numbers) => {
    const reports = reportsOf(model, trial, numbers);
    assertFinite(reports, where);
    addTrial(state.sums, reports);
  });
  try {
    while (state.position < state.order.length) {
      const indices = state.order.slice(state.position, state.position + batchTrials);
      const trial = batchOf(run, indices);
      const noise = run.streams.get('noise').normals(trial.nFrames * n_ae_latents);
      const numbers = trainStep(model, optimizer, trial, noise, weights);
      state.step += 1;
      state.position += batchTrials;
      const where = `at step ${state.step} (epoch ${state.epoch}, trial ${indices.join(', ')})`;
      steps.add(numbers, { trial, where });
      await boundary(run, steps.flush);
    }
    steps.flush();
  } finally {
    steps.dispose();
  }
  return state.sums;
}

/** One session: in any order. Several: so that each batch has one trial of each of as many sessions. */
function orderOf({ batchTrials, sessionOf, splits, streams }: Run): number[] {
  const shuffle = streams.get('shuffle');
  if (batchTrials > 1) return jointOrder(splits.train, sessionOf, batchTrials, shuffle);
  return shuffle.permutation(splits.train.length).flatMap((i) => splits.train[i] ?? []);
}

function batchOf(run: Run, indices: readonly number[]): Trial | JointTrial {
  const trials = indices.map((index) => trialAt(run, index));
  const [only] = trials;
  return only && trials.length === 1 ? only : joinTrials(trials, run.streams.get('triplets'));
}

async function evaluate(run: Run, split: Split, weights: Weights): Promise<SplitSums> {
  const { model, splits, state } = run;
  const sums = splitSums(model.shape.labels, unitsOf(model));
  for (const index of splits[split]) {
    const reports = evaluateTrial(model, trialAt(run, index), noiseAt(run, index), weights);
    assertFinite(reports, `on ${split} trial ${index} after step ${state.step} (epoch ${state.epoch})`);
    addTrial(sums, reports);
    await boundary(run);
  }
  return sums;
}

/** Takes the best weights and leaves them, all posterior means and the summary. */
async function finish(run: Run, variant: Variant): Promise<Record<string, number>> {
  const { ctx, card, model, state } = run;
  restoreBest(run);
  const evaluated = await evaluateAll(run);
  const evaluation = await evaluationFile(run, evaluated);
  const origin = { model: card.name, version: card.version, params: model.params, shape: model.shape };
  const weights = checkpointBytes({
    tensors: toHost(allWeights(model)),
    state: { ...origin, epoch: state.best?.epoch },
  });
  await ctx.artifact('weights.safetensors', weights, 'application/octet-stream');
  await ctx.artifact('latents.npz', npz(latentArrays(run, evaluated.means)), 'application/zip');
  await ctx.artifact(EVALUATION_FILE, evaluation, 'application/zip');
  return { ...evaluated.summary, ...variant.summary?.(run, evaluated.means) };
}

/** Of latents.npz: means by trial, and the trials of each split. */
function latentArrays(run: Run, means: readonly Float32Array[]): Record<string, NpyArray> {
  const latents = run.model.params.n_ae_latents;
  const trials = means.map((data, i): [string, NpyArray] => [
    `trial_${String(i).padStart(4, '0')}`,
    { shape: [data.length / latents, latents], data },
  ]);
  const splits = filledSplits(run).map((split): [string, NpyArray] => [
    split,
    { shape: [run.splits[split].length], data: Int32Array.from(run.splits[split]) },
  ]);
  return Object.fromEntries([...trials, ...splits]);
}
