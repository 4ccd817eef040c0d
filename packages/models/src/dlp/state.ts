import { z } from 'zod';
import { TERMS } from './loss.js';

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
  sums: z.strictObject({ steps: z.int(), psnr: z.number(), terms: z.record(z.enum(TERMS), z.number()) }),
  best: z.strictObject({ epoch: z.int(), loss: z.number() }).nullable(),
  /** No epoch is left; the summary is. */
  finished: z.boolean(),
});
export type RunState = z.infer<typeof RunState>;

export const noTerms = (): RunState['sums']['terms'] => ({
  loss: 0,
  loss_rec: 0,
  loss_kl: 0,
  loss_kl_kp: 0,
  loss_kl_scale: 0,
  loss_kl_obj_on: 0,
  loss_kl_depth: 0,
  loss_kl_feat: 0,
  obj_on_l1: 0,
  mse: 0,
});

export const initialState = (): RunState => ({
  epoch: 0,
  shuffle: null,
  position: 0,
  step: 0,
  sums: { steps: 0, psnr: 0, terms: noTerms() },
  best: null,
  finished: false,
});
