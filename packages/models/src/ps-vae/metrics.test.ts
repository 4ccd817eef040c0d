import { expect, test } from 'vitest';
import {
  addLabels,
  addLatents,
  correlationMatrix,
  labelMse,
  labelR2,
  labelSums,
  latentMetrics,
  latentSums,
  metricsByLabel,
} from './metrics.js';
import { flat, inputs, vectors } from './vectors.testing.js';

const { y, yHat, yMask, labels } = inputs;

test('R2 pooled over labels is scikit-learn variance_weighted', () => {
  const sums = labelSums(labels);
  addLabels(sums, y, yHat, null);
  expect(labelR2(sums)).toBeCloseTo(vectors.A_losses['label_r2_unmasked_variance_weighted'].f64, 6);
});

test('R2 of one column of unmasked entries is what BehaveNet takes with masks', () => {
  const sums = labelSums(1);
  addLabels(sums, y, yHat, yMask);
  expect(labelR2(sums)).toBeCloseTo(vectors.A_losses['label_r2_masked_flattened'].f64, 6);
});

test('masked labels count nowhere, and sums of parts are sums of the whole', () => {
  const [whole, parts] = [labelSums(2), labelSums(2)];
  addLabels(whole, Float32Array.of(1, 2, 3, 99), Float32Array.of(2, 2, 5, 0), Float32Array.of(1, 1, 1, 0));
  addLabels(parts, Float32Array.of(1, 2), Float32Array.of(2, 2), Float32Array.of(1, 1));
  addLabels(parts, Float32Array.of(3, 99), Float32Array.of(5, 0), Float32Array.of(1, 0));
  expect(parts).toEqual(whole);
  expect(labelMse(whole)).toBeCloseTo((1 + 0 + 4) / 3);
});

test('each label by itself: its own error and spread', () => {
  const sums = labelSums(2);
  addLabels(sums, Float32Array.of(1, 0, 3, 5), Float32Array.of(2, 0, 3, 1), Float32Array.of(1, 1, 1, 0));
  expect(metricsByLabel(sums)).toEqual({ label_mse_1: 0.5, label_r2_1: 0.5, label_mse_2: 0, label_r2_2: Number.NaN });
  expect(metricsByLabel(labelSums(0))).toEqual({});
});

test('without one label there is no number', () => {
  expect(labelMse(labelSums(2))).toBeNaN();
  expect(labelR2(labelSums(2))).toBeNaN();
});

const K = 2;
const { latents } = vectors.D_latent_corr;
const sumsOf = (means: Float32Array, stride: number, from: number) => {
  const sums = latentSums(stride - from);
  addLatents(sums, means, stride, from);
  return sums;
};

test('latent correlation, both definitions', () => {
  const got = latentMetrics(sumsOf(flat(latents), 5, K));
  expect(got.correlationFirstPair).toBeCloseTo(vectors.D_latent_corr['behavenet_metric_first_pair_abs'], 6);
  expect(got.correlation).toBeCloseTo(vectors.D_latent_corr['docs_metric_mean_abs_over_all_pairs'], 6);
  expect(got.activeUnits).toBe(3);
  expect(got.correlationActive).toBe(got.correlation);
});

test('the correlation matrix is numpy’s corrcoef, symmetric', () => {
  const matrix = correlationMatrix(sumsOf(flat(latents), 5, K));
  const wanted = vectors.D_latent_corr.full_matrix_unsup;
  expect(matrix).toHaveLength(wanted.length);
  matrix.flat().forEach((r, i) => expect(r).toBeCloseTo(wanted.flat()[i]!, 6));
  expect(matrix[0]?.[2]).toBe(matrix[2]?.[0]);
});

test('a dead latent is not active and takes no part in the correlation of active ones', () => {
  // Columns: 0 and 1 move together, 2 hardly moves (variance 0.0004).
  const rows = [1, -1, 2, -2].flatMap((value, i) => [value, value, i % 2 === 0 ? 0.02 : -0.02]);
  const got = latentMetrics(sumsOf(Float32Array.from(rows), 3, 0));
  expect(got.activeUnits).toBe(2);
  expect(got.correlationActive).toBeCloseTo(1, 6);
  expect(got.correlation).toBeLessThan(1);
});

test('fewer than two latents, or one that never moves, have no correlation', () => {
  expect(latentMetrics(sumsOf(Float32Array.of(1, 2, 3), 1, 0)).correlation).toBeNaN();
  const still = latentMetrics(sumsOf(Float32Array.of(1, 5, 2, 5), 2, 0));
  expect(still.correlation).toBeNaN();
  expect(still.activeUnits).toBe(1);
});
