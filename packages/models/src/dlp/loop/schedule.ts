import type { Phase } from '../particleModel.js';
import type { LoopParams } from './model.js';

/** Epochs count from 0; one more epoch than the warm-up is noisy. */
export const phaseAt = (epoch: number, { warmup_epoch }: Pick<LoopParams, 'warmup_epoch'>): Phase => ({
  warmup: epoch < warmup_epoch,
  noisy: epoch < warmup_epoch + 1,
});

/** Of validation, whatever the epoch, so that losses can be compared. */
export const SETTLED: Phase = { warmup: false, noisy: false };

export const rateAt = (epoch: number, { lr, scheduler_gamma }: Pick<LoopParams, 'lr' | 'scheduler_gamma'>): number =>
  lr * scheduler_gamma ** epoch;

export const isValidated = (epoch: number, { eval_epoch_freq, num_epochs }: LoopParams): boolean =>
  epoch % eval_epoch_freq === 0 || epoch === num_epochs - 1;
