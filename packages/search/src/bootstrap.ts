import cdfOfNormal from '@stdlib/stats-base-dists-normal-cdf';
import quantileOfNormal from '@stdlib/stats-base-dists-normal-quantile';
import type { Random } from './random.js';
import { CONFIDENCE, mean } from './moments.js';
import type { Interval } from './moments.js';

const RESAMPLES = 10_000;

/**
 * 95 % bias-corrected and accelerated bootstrap interval of the mean (Efron and Tibshirani 1993, eq. 14.10),
 * from 10,000 resamples. Of equal values it is that value.
 */
export function bcaInterval(values: readonly number[], random: Random): Interval {
  const n = values.length;
  const means = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < n; i += 1) sum += values[Math.floor(random() * n)] ?? Number.NaN;
    return sum / n;
  });
  return bcaOf(values, means);
}

/** The interval from means of resamples that are given: what can be checked to the last digit. */
export function bcaOf(values: readonly number[], resampled: Float64Array): Interval {
  const centre = mean(values);
  if (values.every((value) => value === values[0])) return [centre, centre];
  const sorted = resampled.toSorted();

  // Bias: the share of resamples below the mean; ties count half, as scipy does.
  const below = sorted.reduce((count, value) => count + (value < centre ? 1 : value === centre ? 0.5 : 0), 0);
  // Kept from 0 and 1, where the quantile is infinite.
  const share = Math.min(Math.max(below, 0.5), sorted.length - 0.5) / sorted.length;
  const z0 = quantileOfNormal(share, 0, 1);

  // Acceleration, by the jackknife: leaving out x_i moves the mean by (mean - x_i) / (n - 1). Only ratios matter.
  const shifts = values.map((value) => centre - value);
  const largest = Math.max(...shifts.map(Math.abs));
  const cubes = shifts.reduce((sum, shift) => sum - (shift / largest) ** 3, 0);
  const squares = shifts.reduce((sum, shift) => sum + (shift / largest) ** 2, 0);
  // The differences of values that are all but equal may vanish.
  const acceleration = largest === 0 ? 0 : cubes / (6 * squares ** 1.5);

  const tail = (1 - CONFIDENCE) / 2;
  const end = (z: number): number => {
    const shifted = z0 + z;
    return quantile(sorted, cdfOfNormal(z0 + shifted / (1 - acceleration * shifted), 0, 1));
  };
  return [end(quantileOfNormal(tail, 0, 1)), end(quantileOfNormal(1 - tail, 0, 1))];
}

/** Linear between order statistics, as numpy's default. */
function quantile(sorted: Float64Array, part: number): number {
  const place = part * (sorted.length - 1);
  const low = Math.floor(place);
  const below = sorted[low] ?? Number.NaN;
  const above = sorted[low + 1] ?? below;
  return below + (above - below) * (place - low);
}
