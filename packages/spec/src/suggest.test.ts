import { describe, expect, it } from 'vitest';
import { didYouMean } from './suggest.js';

describe('didYouMean', () => {
  const legal = ['n_ae_latents', 'alpha', 'beta', 'learning_rate', 'Model'];
  it.each([
    ['betta', 'beta'],
    ['n_ae_latent', 'n_ae_latents'],
    ['learningRate', 'learning_rate'],
    ['ALPHA', 'alpha'],
    ['btea', 'beta'],
    ['model', 'Model'],
    ['lr', null],
    ['gamma', null],
    ['', null],
    ['x'.repeat(1_000), null],
  ])('%s', (given, meant) => {
    expect(didYouMean(given, legal)).toBe(meant);
  });

  it('has nothing to say without names', () => {
    expect(didYouMean('alpha', [])).toBeNull();
  });
});
