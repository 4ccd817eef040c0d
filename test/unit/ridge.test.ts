import { RandomState } from '@trawl/datasets/random';
import { expect, test } from 'vitest';
import { ridgeR2 } from '../support/ridge.js';

const random = new RandomState(5);
const rows = (n: number, width: number) =>
  Array.from({ length: n }, () => Array.from({ length: width }, () => 2 * random.uniform() - 1));

function linearAndNoise(n: number) {
  const x = rows(n, 3);
  return { x, y: x.map(([a = 0, b = 0]) => [3 * a - b + 7, random.uniform()]) };
}

test('a linear target is found, another is not', () => {
  const [linear, noise] = ridgeR2(linearAndNoise(400), linearAndNoise(200));
  expect(linear).toBeGreaterThan(0.999);
  expect(noise).toBeLessThan(0.05);
});

test('agrees with a solution by hand', () => {
  // One feature: x standardises to -1, 1; the weight is E[xy] / (1 + penalty) = 1 / 2, the mean 2.
  const train = { x: [[0], [4]], y: [[1], [3]] };
  // Predicted 1.5 and 2.5 of 1 and 3: residual 0.5, total 2.
  expect(ridgeR2(train, train, 1)).toEqual([0.75]);
});

test('features that repeat or stand still do no harm', () => {
  const x = rows(50, 1);
  const twice = { x: x.map(([a = 0]) => [a, a, 5]), y: x };
  expect(ridgeR2(twice, twice)[0]).toBeGreaterThan(0.999);
});
