import { z } from 'zod';
import type { Terms } from './model.js';

/** Where a run stands between two steps. */
export const RunState = z.strictObject({
  /** Under way, from 0. */
  epoch: z.int(),
  /** State of the stream `shuffle` before it drew this epoch's order; null before the epoch begins. */
  shuffle: z.string().nullable(),
  /** Batches of this epoch that are done. */
  position: z.int(),
  /** Optimiser updates so far. */
  step: z.int(),
  /** Over the training steps of this epoch so far. */
  sums: z.strictObject({ steps: z.int(), psnr: z.number(), terms: z.record(z.string(), z.number()) }),
  best: z.strictObject({ epoch: z.int(), loss: z.number() }).nullable(),
  /** No epoch is left; the summary is. */
  finished: z.boolean(),
});
export type RunState = z.infer<typeof RunState>;

export const noTerms = (terms: readonly string[]): Terms => Object.fromEntries(terms.map((term) => [term, 0]));

/** Adds `count` times the terms. */
export function addTerms(sums: Terms, terms: Terms, count: number): void {
  for (const [term, sum] of Object.entries(sums)) sums[term] = sum + count * (terms[term] ?? Number.NaN);
}

/** What is reported of the terms: `mse` is for psnr. */
export const meanTerms = (sums: Terms, count: number): Record<string, number> =>
  Object.fromEntries(
    Object.entries(sums)
      .filter(([term]) => term !== 'mse')
      .map(([term, sum]) => [term, sum / count]),
  );

export const initialState = (terms: readonly string[]): RunState => ({
  epoch: 0,
  shuffle: null,
  position: 0,
  step: 0,
  sums: { steps: 0, psnr: 0, terms: noTerms(terms) },
  best: null,
  finished: false,
});
