import { checkpointBytes, readBack, toHost } from '@trawl/nn';
import type { Summary } from '@trawl/spec';
import { leavesParticles } from '@trawl/spec';
import { dispose, keepBest, restoreBest } from '../../bestWeights.js';
import type { TrainContext } from '../../contract.js';
import { boundary } from './checkpoint.js';
import type { LoopModel } from './model.js';
import { assertFinite, termsOf, trainStep } from './passes.js';
import type { Run } from './run.js';
import { batchesOf } from './run.js';
import { isValidated, phaseAt, rateAt } from './schedule.js';
import { startRun } from './start.js';
import { addTerms, meanTerms, noTerms } from './state.js';
import { evaluateSplit, summarise } from './summary.js';

/**
 * DDLP's loop for images and video (train_dlp.py, train_ddlp.py): warm-up epochs that reconstruct glimpses, a noisy one,
 * then the whole; validation after every epoch with the settled loss, whose lowest names the best model; the summary is
 * the best model's.
 */
export async function trainLoop(ctx: TrainContext, model: LoopModel): Promise<Summary> {
  const run = startRun(ctx, model);
  try {
    while (!run.state.finished) await epoch(run);
    return await finish(run);
  } finally {
    model.tools.dispose();
    dispose(run);
  }
}

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
    const { terms, tally } = await evaluateSplit(run, 'val', { sampled: true, images });
    const loss = terms['loss'] ?? Number.NaN;
    ctx.report({ ...at, split: 'train', metrics: train });
    ctx.report({ ...at, split: 'val', metrics: { ...terms, ...tally?.metrics(false) } });
    if (state.best === null || loss < state.best.loss) {
      state.best = { epoch: at.epoch, loss };
      keepBest(run);
    }
  } else ctx.report({ ...at, split: 'train', metrics: train });
  if (leavesParticles(at.epoch)) {
    const file = model.snapshot?.(at.epoch);
    if (file) await ctx.artifact(file.name, file.content, file.mediaType);
  }
  state.finished = at.epoch === params.num_epochs - 1;
  state.epoch += 1;
  state.shuffle = null;
  state.position = 0;
}

/** Every training item once, in a fresh order; goes on in the middle of the epoch after a resume. */
async function trainEpoch(run: Run): Promise<void> {
  const { ctx, model, optimizer, state } = run;
  const { params } = model;
  const shuffle = ctx.streams.get('shuffle');
  if (state.shuffle === null) {
    state.shuffle = shuffle.state();
    state.sums = { steps: 0, psnr: 0, terms: noTerms(model.terms) };
  } else shuffle.restore(state.shuffle);
  const order = shuffle.permutation(model.items.train);
  optimizer.setLearningRate(rateAt(state.epoch, params));
  const dice = ctx.streams.get('noise');
  const steps = readBack<string>((where, numbers) => {
    const terms = termsOf(model.terms, numbers);
    assertFinite(terms, where);
    state.sums.steps += 1;
    state.sums.psnr -= 10 * Math.log10(terms['mse'] ?? Number.NaN);
    addTerms(state.sums.terms, terms, 1);
  });
  try {
    for (const batches = batchesOf(model); state.position < batches;) {
      const first = state.position * params.batch_size;
      const batch = Array.from(order.slice(first, first + params.batch_size));
      const at = { epoch: state.epoch, step: state.step };
      const report = trainStep(model, optimizer, () => model.loss('train', batch, at, dice));
      state.step += 1;
      state.position += 1;
      steps.add(report, `at step ${state.step} (epoch ${state.epoch})`);
      await boundary(run, steps.flush);
    }
    steps.flush();
  } finally {
    steps.dispose();
  }
}

/** Takes the best weights and leaves them, what figures are drawn from, and the summary. */
async function finish(run: Run): Promise<Summary> {
  const { ctx, model, state } = run;
  restoreBest(run);
  const { summary, files } = await summarise(run);
  const { name, version } = model.card;
  const weights = checkpointBytes({
    tensors: toHost(model.network.variables),
    state: { model: name, version, params: model.params, epoch: state.best?.epoch },
  });
  await ctx.artifact('weights.safetensors', weights, 'application/octet-stream');
  for (const file of files) await ctx.artifact(file.name, file.content, file.mediaType);
  return summary;
}
