import { Diverged } from '../contract.js';
import type { Term } from './loss.js';
import { TERMS, withConstants } from './loss.js';
import type { LabelSums, LatentSums } from './metrics.js';
import { addLabels, addLatents, labelMse, labelR2, labelSums, latentMetrics, latentSums } from './metrics.js';
import type { Chunk } from './batch.js';
import { rowsOf } from './batch.js';

/** What one chunk gave, on the host. */
export interface ChunkReport {
  chunk: Chunk;
  terms: Record<Term, number>;
  /** [frames, K]. */
  yHat: Float32Array;
  /** Posterior means, [frames, K + U]. */
  mean: Float32Array;
}

export const REPORTED = [...TERMS, 'loss_zu_mi', 'loss_zu_tc', 'loss_zu_dwkl'] as const;
export type Reported = (typeof REPORTED)[number];

/** A split's sums so far; plain JSON, for a checkpoint in mid-epoch. */
export interface SplitSums {
  trials: number;
  /** Sums over trials of each trial's frame-weighted mean, so every trial counts alike, as in BehaveNet. */
  terms: Record<Reported, number>;
  labels: LabelSums;
  latents: LatentSums;
}

export const splitSums = (labels: number, latents: number): SplitSums => ({
  trials: 0,
  terms: {
    loss: 0,
    loss_data_ll: 0,
    loss_label_ll: 0,
    loss_zs_kl: 0,
    loss_zu_mi: 0,
    loss_zu_mi_raw: 0,
    loss_zu_tc: 0,
    loss_zu_tc_raw: 0,
    loss_zu_dwkl: 0,
    loss_zu_dwkl_raw: 0,
    loss_data_mse: 0,
  },
  labels: labelSums(labels),
  latents: latentSums(latents - labels),
});

/** Adds the chunks of one trial. */
export function addTrial(sums: SplitSums, reports: readonly ChunkReport[]): void {
  const labels = sums.labels.n.length;
  const units = sums.latents.sum.length;
  sums.trials += 1;
  for (const { chunk, terms, yHat, mean } of reports) {
    const frames = chunk.end - chunk.start;
    const share = frames / chunk.trial.nFrames;
    const raw = { mi: terms.loss_zu_mi_raw, tc: terms.loss_zu_tc_raw, dwkl: terms.loss_zu_dwkl_raw };
    const { mi, tc, dwkl } = withConstants(raw, frames, units);
    const all = { ...terms, loss_zu_mi: mi, loss_zu_tc: tc, loss_zu_dwkl: dwkl };
    for (const term of REPORTED) sums.terms[term] += share * all[term];

    const { labels: y, labelMasks } = chunk.trial;
    if (y) addLabels(sums.labels, rowsOf(chunk, y, labels), yHat, labelMasks && rowsOf(chunk, labelMasks, labels));
    addLatents(sums.latents, mean, labels + units, labels);
  }
}

/** The split's metrics by name, without split. */
export function metricsOf(sums: SplitSums): Record<string, number> {
  return {
    ...Object.fromEntries(REPORTED.map((term) => [term, sums.terms[term] / sums.trials])),
    label_mse: labelMse(sums.labels),
    label_r2: labelR2(sums.labels),
  };
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
    const broken = [...TERMS].reverse().find((term) => !Number.isFinite(terms[term]));
    if (broken) throw new Diverged(`${broken} is ${terms[broken]} ${where}`);
  }
}
