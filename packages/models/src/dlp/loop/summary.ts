import { randomStreams } from '@trawl/nn';
import type { Split, Summary } from '@trawl/spec';
import { metricName } from '@trawl/spec';
import { boundary } from './checkpoint.js';
import type { LeftFile, Tally, Terms } from './model.js';
import { assertFinite, evaluateLoss } from './passes.js';
import type { Run } from './run.js';
import { filledSplits } from './run.js';
import { addTerms, meanTerms, noTerms } from './state.js';

interface Pass {
  /** The loss with sampled latents, the same noise every time; else from posterior means. */
  sampled: boolean;
  /** Image quality and particles, from posterior means. */
  images: boolean;
}

interface Evaluated {
  terms: Terms;
  /** Null where images were not asked for. */
  tally: Tally | null;
}

/** A whole split with the weights as they stand. */
export async function evaluateSplit(run: Run, split: Split, { sampled, images }: Pass): Promise<Evaluated> {
  const { ctx, model, state } = run;
  const { batch_size } = model.params;
  const sums = noTerms(model.terms);
  const tally = images ? model.tally(split) : null;
  const dice = sampled ? randomStreams(ctx.seed).get('noise.val') : null;
  for (let at = 0; at < model.items[split]; at += batch_size) {
    const size = Math.min(batch_size, model.items[split] - at);
    const batch = Array.from({ length: size }, (_, i) => at + i);
    const seen = tally?.see(batch);
    const terms = seen && !dice ? seen : evaluateLoss(model, () => model.loss(split, batch, null, dice));
    assertFinite(terms, `on ${split} ${model.itemName} from ${at} on after step ${state.step} (epoch ${state.epoch})`);
    addTerms(sums, terms, size);
    await boundary(run);
  }
  for (const piece of tally?.more ?? []) {
    piece();
    await boundary(run);
  }
  return { terms: meanTerms(sums, model.items[split]), tally };
}

/** The run's final numbers from the weights as they stand, over whole splits, from posterior means; and what figures want. */
export async function summarise(run: Run): Promise<{ summary: Summary; files: LeftFile[] }> {
  const summary: Summary = { 'val.best_epoch': run.state.best?.epoch ?? Number.NaN };
  let files: LeftFile[] = [];
  for (const split of filledSplits(run)) {
    const { terms, tally } = await evaluateSplit(run, split, { sampled: false, images: true });
    const metrics = { ...terms, ...tally?.metrics(true) };
    for (const [name, value] of Object.entries(metrics)) summary[metricName(split, name)] = value;
    if (split === 'val') files = tally?.files() ?? [];
  }
  return { summary, files };
}
