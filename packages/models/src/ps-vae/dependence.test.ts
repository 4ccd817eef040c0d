import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { gaussianTotalCorrelation, mutualInfoScore } from './dependence.js';
import { addLatents, correlationMatrix, latentSums } from './metrics.js';

/** Written by latent_metrics.py, an independent implementation. */
const golden = z
  .object({
    latents: z.array(z.array(z.number())),
    gaussian_total_correlation: z.number(),
    mutual_info_score: z.number(),
  })
  .parse(JSON.parse(readFileSync(new URL('../../../../test/fixtures/latent_metrics.json', import.meta.url), 'utf8')));
const [first = []] = golden.latents;
const columns = first.map((_, d) => Float64Array.from(golden.latents, (row) => row[d] ?? 0));

test('Gaussian total correlation is that of numpy', () => {
  const sums = latentSums(first.length);
  addLatents(sums, Float32Array.from(golden.latents.flat()), first.length, 0);
  expect(gaussianTotalCorrelation(correlationMatrix(sums))).toBeCloseTo(golden.gaussian_total_correlation, 9);
});

test('Gaussian total correlation: 0 alone, infinite where one latent is another, none where one never moves', () => {
  expect(gaussianTotalCorrelation([])).toBe(0);
  expect(gaussianTotalCorrelation([[1]])).toBe(0);
  expect(
    gaussianTotalCorrelation([
      [1, 1],
      [1, 1],
    ]),
  ).toBe(Infinity);
  expect(gaussianTotalCorrelation([[Number.NaN]])).toBeNaN();
});

test('mutual information score is that of numpy', () => {
  expect(mutualInfoScore(columns)).toBeCloseTo(golden.mutual_info_score, 9);
});

test('a latent that never moves knows nothing, and one latent makes no pair', () => {
  expect(mutualInfoScore([columns[0]!, new Float64Array(columns[0]!.length)])).toBeCloseTo(0, 12);
  expect(mutualInfoScore(columns.slice(0, 1))).toBeNaN();
});
