import { expect, test } from 'vitest';
import type { Best } from './schedule.js';
import { better, isCandidate, isValidated, stopsEarly, weightsAt } from './schedule.js';
import { vectors } from './vectors.testing.js';

test.each([
  ['anneal0_beta5_max4', 0, 5],
  ['anneal1_beta5_max4', 1, 5],
  ['anneal5_beta10_max8', 5, 10],
])('%s: weights by epoch as in BehaveNet', (name, annealEpochs, beta) => {
  const wanted = vectors.D_anneal[name]!;
  const weights = wanted['kl_weight_by_epoch'].map((_, epoch) => weightsAt(epoch, annealEpochs, beta));
  expect(weights.map(({ kl }) => kl)).toEqual(wanted['kl_weight_by_epoch']);
  expect(weights.map(({ tc }) => tc)).toEqual(wanted['tc_weight_by_epoch']);
});

test('early stopping takes the course of BehaveNet where every epoch counts', () => {
  let best: Best | null = null;
  for (const { epoch, val_loss, best_epoch, should_stop } of vectors.D_early_stop_patience3_min4) {
    best = better(best, epoch, val_loss);
    expect(best.epoch).toBe(best_epoch);
    expect(stopsEarly(epoch, best, 3, 4)).toBe(should_stop);
  }
});

test('no stop before there is a best model, nor up to min_n_epochs', () => {
  expect(stopsEarly(50, null, 3, 0)).toBe(false);
  expect(stopsEarly(4, { epoch: 0, loss: 1 }, 3, 4)).toBe(false);
  expect(stopsEarly(5, { epoch: 0, loss: 1 }, 3, 4)).toBe(true);
});

test('the best model comes after the ramp and is a trained one', () => {
  expect([0, 1, 2].map((epoch) => isCandidate(epoch, 0))).toEqual([false, true, true]);
  expect([0, 1, 2].map((epoch) => isCandidate(epoch, 2))).toEqual([false, false, true]);
});

test('of equal losses the earlier epoch is best', () => {
  expect(better({ epoch: 3, loss: 1 }, 4, 1)).toEqual({ epoch: 3, loss: 1 });
});

test('validation every interval and at the last two epochs', () => {
  const validated = Array.from({ length: 10 }, (_, epoch) => epoch).filter((epoch) => isValidated(epoch, 4, 9));
  expect(validated).toEqual([0, 4, 8, 9]);
});
