import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { udr } from './udr.js';

const matrix = z.array(z.array(z.number()));
/** Written by latent_metrics.py, an independent implementation. */
const golden = z
  .object({ udr: z.object({ latents: z.array(matrix), of_model: z.array(z.number()) }) })
  .parse(JSON.parse(readFileSync(new URL('../../../test/fixtures/latent_metrics.json', import.meta.url), 'utf8'))).udr;
const columnsOf = (rows: number[][]): Float64Array[] =>
  (rows[0] ?? []).map((_, d) => Float64Array.from(rows, (row) => row[d] ?? 0));
const runs = golden.latents.map((rows, i) => ({ seed: i + 1, latents: columnsOf(rows) }));

test('is that of numpy, with a latent that is not active', () => {
  const scores = udr(runs);
  expect(scores.map(({ seed }) => seed)).toEqual([1, 2, 3]);
  scores.forEach((score, i) => expect(score.udr).toBeCloseTo(golden.of_model[i]!, 9));
});

test('the same independent latents in another order and with other signs score 1, whatever their scale', () => {
  // Ranks of these do not correlate.
  const a = Float64Array.of(1, 2, 3, 4, 1, 2, 3, 4);
  const b = Float64Array.of(2, 1, 1, 2, -2, -1, -1, -2);
  const turned = [b.map((value) => -3 * value), a.map((value) => value ** 3)];
  const scores = udr([
    { seed: 1, latents: [a, b] },
    { seed: 2, latents: turned },
  ]);
  expect(scores[0]?.udr).toBeCloseTo(1, 9);
});

test('one run has nothing to be compared with, and dead latents score nothing', () => {
  expect(udr(runs.slice(0, 1))).toEqual([{ seed: 1, udr: null }]);
  const dead = { seed: 2, latents: [new Float64Array(90)] };
  expect(udr([dead, { ...dead, seed: 3 }])[0]?.udr).toBeNull();
});
