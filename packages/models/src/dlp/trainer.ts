import { checkpointBytes, toHost } from '@trawl/nn';
import type { Trainer } from '../contract.js';
import { batchOf } from './batch.js';
import { dlpCard } from './card.js';
import { boundary } from './checkpoint.js';
import { evaluationFiles } from './evaluation.js';
import { TERMS } from './loss.js';
import { assertFinite, trainStep } from './passes.js';
import type { Run } from './run.js';
import { dispose, keepBest, restoreBest } from '../bestWeights.js';
import { batchesOf } from './run.js';
import { isValidated, phaseAt, rateAt } from './schedule.js';
import { startRun } from './start.js';
import { noTerms } from './state.js';
import { evaluateSplit, summarise } from './summary.js';
import { featureMetrics, meanTerms, seenMetrics } from './sums.js';

/**
 * DDLP's loop for images (train_dlp.py): warm-up epochs that reconstruct glimpses, a noisy one, then the whole; validation
 * after every epoch with the settled loss, whose lowest names the best model; the summary is the best model's.
 */
export const dlp: Trainer = {
  card: dlpCard,
  async train(ctx) {
    const run = startRun(ctx);
    try {
      while (!run.state.finished) await epoch(run);
      return await finish(run);
    } finally {
      dispose(run);
    }
  },
};

async function epoch(run: Run): Promise<void> {
  const { ctx, model, state } = run;
  const { params } = model;
  const at = { epoch: state.epoch, step: state.step };
  await trainEpoch(run);
  at.step = state.step;
  const { sums } = state;
  const train = {
    ...meanTerms(sums.terms, sums.steps),
    // A warm-up epoch reconstructs no image.
    ...(!phaseAt(at.epoch, params).warmup && { psnr: sums.psnr / sums.steps }),
    learning_rate: rateAt(at.epoch, params),
  };
  if (isValidated(at.epoch, params)) {
    const images = params.eval_im_metrics && at.epoch > 0;
    const val = await evaluateSplit(run, 'val', { sampled: true, images });
    const loss = val.terms.loss / run.frames.val.length;
    ctx.report({ ...at, split: 'train', metrics: train });
    ctx.report({
      ...at,
      split: 'val',
      metrics: {
        ...meanTerms(val.terms, run.frames.val.length),
        ...(images && { ...seenMetrics(val), ...featureMetrics(val, false) }),
      },
    });
    if (state.best === null || loss < state.best.loss) {
      state.best = { epoch: at.epoch, loss };
      keepBest(run);
    }
  } else ctx.report({ ...at, split: 'train', metrics: train });
  state.finished = at.epoch === params.num_epochs - 1;
  state.epoch += 1;
  state.shuffle = null;
  state.position = 0;
}

/** Every training image once, in a fresh order; goes on in the middle of the epoch after a resume. */
async function trainEpoch(run: Run): Promise<void> {
  const { ctx, model, optimizer, state, frames } = run;
  const { params } = model;
  const shuffle = ctx.streams.get('shuffle');
  if (state.shuffle === null) {
    state.shuffle = shuffle.state();
    state.sums = { steps: 0, psnr: 0, terms: noTerms() };
  } else shuffle.restore(state.shuffle);
  const order = shuffle.permutation(frames.train.length);
  const phase = phaseAt(state.epoch, params);
  optimizer.setLearningRate(rateAt(state.epoch, params));
  const dice = ctx.streams.get('noise');
  for (const batches = batchesOf(run); state.position < batches;) {
    const first = state.position * params.batch_size;
    const batch = order.slice(first, first + params.batch_size).flatMap((i) => frames.train[i] ?? []);
    const terms = trainStep(model, optimizer, () => batchOf(ctx.dataset, batch), phase, dice);
    state.step += 1;
    state.position += 1;
    assertFinite(terms, `at step ${state.step} (epoch ${state.epoch})`);
    state.sums.steps += 1;
    state.sums.psnr -= 10 * Math.log10(terms.mse);
    for (const term of TERMS) state.sums.terms[term] += terms[term];
    await boundary(run);
  }
}

/** Takes the best weights and leaves them, what figures are drawn from, a plate and the summary. */
async function finish(run: Run): Promise<Record<string, number>> {
  const { ctx, model, state } = run;
  restoreBest(run);
  const summary = await summarise(run);
  const origin = { model: dlpCard.name, version: dlpCard.version, params: model.params };
  const weights = checkpointBytes({
    tensors: toHost(model.network.variables),
    state: { ...origin, epoch: state.best?.epoch },
  });
  await ctx.artifact('weights.safetensors', weights, 'application/octet-stream');
  const { arrays, plate } = evaluationFiles(run);
  await ctx.artifact('particles.npz', arrays, 'application/zip');
  await ctx.artifact('particles.png', plate, 'image/png');
  return summary;
}
