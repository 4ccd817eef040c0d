import { z } from 'zod';
import { splitSums } from './sums.js';

const numbers = z.array(z.number());

/** Where a run stands between two steps. */
export const RunState = z.strictObject({
  /** Under way. */
  epoch: z.int(),
  /** Trials of this epoch in the order drawn; empty before the epoch begins. */
  order: z.array(z.int()),
  /** How many of `order` are done. */
  position: z.int(),
  /** Optimiser updates so far. */
  step: z.int(),
  /** Of the training steps of this epoch so far. */
  sums: z.strictObject({
    trials: z.int(),
    terms: z.record(z.string(), z.number()),
    labels: z.strictObject({ n: numbers, y: numbers, yy: numbers, error: numbers }),
    latents: z.strictObject({ n: z.int(), sum: numbers, products: z.array(numbers) }),
  }),
  best: z.strictObject({ epoch: z.int(), loss: z.number() }).nullable(),
  /** No epoch is left; the summary is. */
  finished: z.boolean(),
});
export type RunState = z.infer<typeof RunState>;

export const initialState = (labels: number, units: number): RunState => ({
  epoch: 0,
  order: [],
  position: 0,
  step: 0,
  sums: splitSums(labels, units),
  best: null,
  finished: false,
});
