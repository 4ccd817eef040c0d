import { randomStreams } from '@trawl/nn';
import type { Split, Summary } from '@trawl/spec';
import { metricName } from '@trawl/spec';
import { batchOf } from './batch.js';
import { boundary } from './checkpoint.js';
import { glimpseSide } from './geometry.js';
import { assertFinite, evaluateLoss, see } from './passes.js';
import type { Run } from './run.js';
import { filledSplits } from './run.js';
import type { SplitSums } from './sums.js';
import { addSeen, addTerms, featureMetrics, meanTerms, objectsOf, seenMetrics, splitSums } from './sums.js';

interface Pass {
  /** The loss with sampled latents, the same noise every time; else from posterior means. */
  sampled: boolean;
  /** Image quality and particles, from posterior means. */
  images: boolean;
}

/** A whole split with the weights as they stand. */
export async function evaluateSplit(run: Run, split: Split, { sampled, images }: Pass): Promise<SplitSums> {
  const { ctx, model, frames, state } = run;
  const { batch_size, learned_feature_dim, anchor_s, image_size } = model.params;
  const sums = splitSums(learned_feature_dim);
  const dice = sampled ? randomStreams(ctx.seed).get('noise.val') : null;
  const sizes = { size: image_size, side: glimpseSide(anchor_s, image_size) };
  for (let at = 0; at < frames[split].length; at += batch_size) {
    const batch = frames[split].slice(at, at + batch_size);
    const makeImages = () => batchOf(ctx.dataset, batch);
    const seen = images ? see(model, makeImages) : null;
    const terms = seen && !dice ? seen.terms : evaluateLoss(model, makeImages, dice);
    assertFinite(terms, `on ${split} images from ${at} on after step ${state.step} (epoch ${state.epoch})`);
    addTerms(sums, terms, batch.length);
    if (seen) {
      const truth = batch.map(({ trial, frame }) => {
        const of = ctx.dataset.trials[trial];
        return of ? objectsOf(of, frame) : null;
      });
      addSeen(sums, seen, truth, sizes);
    }
    await boundary(run);
  }
  return sums;
}

/** The run's final numbers from the weights as they stand, over whole splits, from posterior means. */
export async function summarise(run: Run): Promise<Summary> {
  const summary: Summary = { 'val.best_epoch': run.state.best?.epoch ?? Number.NaN };
  for (const split of filledSplits(run)) {
    const sums = await evaluateSplit(run, split, { sampled: false, images: true });
    const { psnr = Number.NaN, ...seen } = seenMetrics(sums);
    const metrics: Record<string, number> = {
      ...meanTerms(sums.terms, sums.images),
      psnr,
      ...(split !== 'train' && seen),
      ...(split === 'val' && featureMetrics(sums, true)),
    };
    for (const [name, value] of Object.entries(metrics)) summary[metricName(split, name)] = value;
  }
  return summary;
}
