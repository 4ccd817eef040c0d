import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Splits } from './contract.js';
import { DatasetError } from './errors.js';
import { RandomState } from './random.js';
import { splitTrials } from './splits.js';

// behavenet: printed by the original's split_trials; the rest by numpy 2.4's RandomState.
const golden: {
  behavenet: Record<string, Splits>;
  randomState: {
    seed: number;
    randint: number[];
    permutation: number[];
    choice: number[];
    uniform: number[];
    later: number;
  }[];
  listSeed: { key: number[]; uniform: number[] }[];
  subsampled: ({ n: number; seed: number; splits: string; trainFraction: number } & Splits)[];
} = JSON.parse(readFileSync(new URL('../test/fixtures/splits.json', import.meta.url), 'utf8'));

describe('RandomState', () => {
  test.each(golden.randomState)('draws as numpy does from seed $seed', (expected) => {
    const random = new RandomState(expected.seed);
    expect([1, 2, 9, 10, 1000, 2 ** 31, 7].map((high) => random.upTo(high - 1))).toEqual(expected.randint);
    expect(random.permutation(13)).toEqual(expected.permutation);
    expect(random.choice(20, 6)).toEqual(expected.choice);
    expect([random.uniform(), random.uniform(), random.uniform()]).toEqual(expected.uniform);
    for (let i = 0; i < 1000; i++) random.uniform();
    expect(random.upTo(999_999)).toBe(expected.later);
  });

  test.each(golden.listSeed)('draws as numpy does from the list $key', ({ key, uniform }) => {
    const random = new RandomState(key);
    expect([random.uniform(), random.uniform(), random.uniform()]).toEqual(uniform);
  });
});

describe('splitTrials', () => {
  test.each(Object.entries(golden.behavenet))('gives BehaveNet its %s', (name, expected) => {
    const [, n, seed, splits] = /^n(\d+)_seed(\d+)_(.*)$/.exec(name) ?? [];
    expect(splitTrials(Number(n), splits ?? '', Number(seed))).toEqual(expected);
  });

  test.each(golden.subsampled)('takes $trainFraction of the training trials of $n', (expected) => {
    const { n, seed, splits, trainFraction, ...parts } = expected;
    expect(splitTrials(n, splits, seed, trainFraction)).toEqual(parts);
  });

  test.each([
    ['no block fits', 9, '8;1;1;0', 1, /a block takes 10 trials, the dataset has 9/],
    ['gaps do not fit', 12, '8;1;1;1', 1, /a block takes 13 trials/],
    ['not a split', 20, '8;1;1', 1, /not a split of trials/],
    ['negative', 20, '8;-1;1;0', 1, /not a split of trials/],
    ['no training', 20, '0;1;1;0', 1, /not a split of trials/],
    ['fraction of nothing', 10, '8;1;1;0', 0.1, /leaves no training trial of 8/],
    ['zero', 10, '8;1;1;0', 0, /leaves no training trial/],
    ['NaN', 10, '8;1;1;0', Number.NaN, /leaves no training trial/],
  ])('refuses: %s', (_, n, splits, fraction, message) => {
    expect(() => splitTrials(n, splits, 0, fraction)).toThrow(DatasetError);
    expect(() => splitTrials(n, splits, 0, fraction)).toThrow(message);
  });
});
