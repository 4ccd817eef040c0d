import { Diverged } from '../contract.js';
import type { Term } from './loss.js';
import { withConstants } from './loss.js';
import type { LabelSums, LatentSums } from './metrics.js';
import { addLabels, addLatents, labelMse, labelR2, labelSums, latentMetrics, latentSums } from './metrics.js';
import type { Chunk } from './batch.js';
import { rowsOf } from './batch.js';

/** What one chunk gave, on the host. */
export interface ChunkReport {
  chunk: Chunk;
  terms: Partial<Record<Term, number>>;
  /** [frames, K]. */
  yHat: Float32Array;
  /** Posterior means, [frames, K + U]. */
  mean: Float32Array;
}

/** A split's sums so far; plain JSON, for a checkpoint in mid-epoch. */
export interface SplitSums {
  trials: number;
  /** Sums over trials of each trial's frame-weighted mean, so every trial counts alike, as in BehaveNet. */
  terms: Record<string, number>;
  labels: LabelSums;
  latents: LatentSums;
}

/** `labels` that the model predicts, `units` unsupervised latents. */
export const splitSums = (labels: number, units: number): SplitSums => ({
  trials: 0,
  terms: {},
  labels: labelSums(labels),
  latents: latentSums(units),
});

/** Adds the chunks of one trial; unsupervised latents are the last of a mean. */
export function addTrial(sums: SplitSums, reports: readonly ChunkReport[]): void {
  const labels = sums.labels.n.length;
  const units = sums.latents.sum.length;
  sums.trials += 1;
  for (const { chunk, terms, yHat, mean } of reports) {
    const frames = chunk.end - chunk.start;
    const share = frames / chunk.trial.nFrames;
    const all = { ...terms, ...constants(terms, frames, units) };
    for (const [term, value] of Object.entries(all)) sums.terms[term] = (sums.terms[term] ?? 0) + share * value;

    const { labels: y, labelMasks } = chunk.trial;
    if (y && labels > 0) {
      addLabels(sums.labels, rowsOf(chunk, y, labels), yHat, labelMasks && rowsOf(chunk, labelMasks, labels));
    }
    const latents = mean.length / frames;
    addLatents(sums.latents, mean, latents, latents - units);
  }
}

/** The decomposed KL with its constants, of models that have it. */
function constants(terms: ChunkReport['terms'], frames: number, units: number): Record<string, number> {
  const { loss_zu_mi_raw, loss_zu_tc_raw, loss_zu_dwkl_raw } = terms;
  if (loss_zu_mi_raw === undefined || loss_zu_tc_raw === undefined || loss_zu_dwkl_raw === undefined) return {};
  const raw = { mi: loss_zu_mi_raw, tc: loss_zu_tc_raw, dwkl: loss_zu_dwkl_raw };
  const { mi, tc, dwkl } = withConstants(raw, frames, units);
  return { loss_zu_mi: mi, loss_zu_tc: tc, loss_zu_dwkl: dwkl };
}

/** The split's metrics by name, without split. */
export function metricsOf(sums: SplitSums): Record<string, number> {
  const terms = Object.entries(sums.terms).map(([term, sum]): [string, number] => [term, sum / sums.trials]);
  const ofLabels = sums.labels.n.length > 0 && { label_mse: labelMse(sums.labels), label_r2: labelR2(sums.labels) };
  return { ...Object.fromEntries(terms), ...ofLabels };
}

/** Latent metrics of the training split by name, without split. */
export function trainLatentMetrics(sums: SplitSums): Record<string, number> {
  const { correlation, activeUnits } = latentMetrics(sums.latents);
  return { latent_correlation: correlation, active_units: activeUnits };
}

/** @throws Diverged that names the first term which is not finite. */
export function assertFinite(reports: readonly ChunkReport[], where: string): void {
  for (const { terms } of reports) {
    // The total comes last: a term that broke it says more.
    const broken = Object.entries(terms).findLast(([, value]) => !Number.isFinite(value));
    if (broken) throw new Diverged(`${broken[0]} is ${broken[1]} ${where}`);
  }
}
