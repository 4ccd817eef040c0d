import { expect, test } from 'vitest';
import type { Place } from './matching.js';
import { matchedDistances } from './matching.js';

const at = (...columns: number[]): Place[] => columns.map((column) => [0, column]);

test('the sum is least, not each distance in turn', () => {
  // Greedily 1 would go to 1.1, and 3 would be left with 0.
  const [first = 0, second = 0] = matchedDistances(at(1, 3), at(0, 1.1));
  expect(first + second).toBeCloseTo(2.9);
  expect(Math.min(first, second)).toBeCloseTo(1);
  expect(matchedDistances(at(0, 10), at(10, 0, 5))).toEqual([0, 0]);
});

test('the fewer decide how many are matched', () => {
  expect(matchedDistances(at(0, 5, 9), at(5))).toEqual([0]);
  expect(matchedDistances(at(2), at(9, 1))).toEqual([1]);
  expect(matchedDistances([], at(1))).toEqual([]);
  expect(matchedDistances(at(1), [])).toEqual([]);
});

test('it is no worse than any order of the particles', () => {
  const truth: Place[] = [
    [0, 0],
    [1, 0.2],
    [0.3, 0.9],
    [0.8, 0.8],
  ];
  const particles: Place[] = [
    [0.9, 0.1],
    [0.2, 0.2],
    [0.5, 0.5],
    [0.4, 1],
    [0, 1],
  ];
  const orders = (rest: number[]): number[][] =>
    rest.length === 0 ? [[]] : rest.flatMap((i) => orders(rest.filter((j) => j !== i)).map((tail) => [i, ...tail]));
  const best = Math.min(
    ...orders([0, 1, 2, 3, 4]).map((order) =>
      truth.reduce((sum, [y, x], i) => sum + Math.hypot(particles[order[i]!]![0] - y, particles[order[i]!]![1] - x), 0),
    ),
  );
  expect(matchedDistances(truth, particles).reduce((a, b) => a + b, 0)).toBeCloseTo(best, 12);
});
