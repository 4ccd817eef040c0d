import { expect, test } from 'vitest';
import { labelMoments } from './labelMoments.js';

const trial = (labels: number[], masks: number[] | null = null) => ({
  nFrames: labels.length / 2,
  frames: new Uint8Array(),
  frameMasks: null,
  factors: null,
  labels: Float32Array.from(labels),
  labelMasks: masks && Float32Array.from(masks),
});

test('mean and standard deviation of each label over all trials', () => {
  const { mean, std } = labelMoments([trial([1, 240, 3, 250]), trial([5, 260])], 2, true);
  expect(mean).toEqual([3, 250]);
  expect(std[0]).toBeCloseTo(Math.sqrt(8 / 3), 6);
  expect(std[1]).toBeCloseTo(Math.sqrt(200 / 3), 6);
});

test('labels far from 0 keep their spread, however many there are', () => {
  const many = Array.from({ length: 200_000 }, (_, i) => 240 + (i % 2 === 0 ? 0.0625 : -0.0625));
  const { mean, std } = labelMoments([{ ...trial(many), nFrames: many.length }], 1, true);
  expect([mean[0], std[0]]).toEqual([240, expect.closeTo(0.0625, 4)]);
});

test('masked entries count only where the model is trained on them', () => {
  const trials = [trial([1, 0, 3, 4], [1, 0, 1, 1])];
  expect(labelMoments(trials, 2, true)).toEqual({ mean: [2, 4], std: [1, 1] });
  expect(labelMoments(trials, 2, false)).toEqual({ mean: [2, 2], std: [1, 2] });
});

test('labels of one value, without values and of no model have a scale to begin with', () => {
  const constant = labelMoments([trial([0.1, 0, 0.1, 0], [1, 0, 1, 0])], 2, true);
  expect(constant.mean[0]).toBeCloseTo(0.1, 6);
  expect([constant.mean[1], constant.std]).toEqual([0, [1, 1]]);
  expect(labelMoments([], 2, true)).toEqual({ mean: [0, 0], std: [1, 1] });
  expect(labelMoments([trial([1, 2])], 0, true)).toEqual({ mean: [], std: [] });
});
