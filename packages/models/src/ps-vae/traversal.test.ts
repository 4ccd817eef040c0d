import { EVALUATION_LIMITS } from '@trawl/spec';
import { expect, test } from 'vitest';
import { percentile } from './percentile.js';
import { baseFramesOf, traversalSize } from './traversal.js';
import { vectors } from './vectors.testing.js';

test.each([
  ['5_95', 5, 95],
  ['15_85', 15, 85],
] as const)('percentiles %s over all trials are those of BehaveNet', (name, low, high) => {
  const rows = vectors.D_compute_range.latents.flat();
  const wanted = vectors.D_compute_range[name];
  for (const l of [0, 1, 2]) {
    const column = rows.map((row) => row[l] ?? Number.NaN);
    expect(percentile(column, low)).toBeCloseTo(wanted.min[l]!, 6);
    expect(percentile(column, high)).toBeCloseTo(wanted.max[l]!, 6);
    expect(percentile(column, 50)).toBeCloseTo(wanted.med[l]!, 6);
  }
});

test('NaN is left out of a percentile; of nothing there is none', () => {
  expect(percentile([3, Number.NaN, 1], 50)).toBe(2);
  expect(percentile([], 50)).toBeNaN();
});

test('base frames lie in the middle of each quarter of the data', () => {
  const trials = [{ nFrames: 10 }, { nFrames: 1 }, { nFrames: 29 }];
  const all: [number, number][] = [
    [0, 5],
    [2, 4],
    [2, 14],
    [2, 24],
  ];
  expect(baseFramesOf(trials, 4)).toEqual(all);
  expect(baseFramesOf(trials, 2)).toEqual(all.slice(0, 2));
});

const frame = (side: number) => ({ height: side, width: side, channels: 1, labels: 2, background: 0 });

test('large frames and many latents take fewer steps, then fewer base frames, then none', () => {
  expect(traversalSize(frame(128), 6)).toEqual({ base: 4, steps: 9 });
  const { base, steps } = traversalSize(frame(192), 32);
  expect(steps).toBeGreaterThanOrEqual(EVALUATION_LIMITS.minSteps);
  expect(base * steps * 32 * 192 * 192).toBeLessThanOrEqual(EVALUATION_LIMITS.traversalBytes);
  expect({ base, steps }).toEqual({ base: 4, steps: 7 });
  expect(traversalSize(frame(4000), 6).base).toBe(0);
});
