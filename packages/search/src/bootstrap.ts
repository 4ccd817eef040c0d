import cdfOfNormal from '@stdlib/stats-base-dists-normal-cdf';
import quantileOfNormal from '@stdlib/stats-base-dists-normal-quantile';
import { seededRandom } from './random.js';
import type { Random } from './random.js';
import { CONFIDENCE, mean } from './moments.js';
import type { Interval } from './moments.js';

const RESAMPLES = 10_000;

/**
 * 95 % bias-corrected and accelerated bootstrap interval of the mean (Efron and Tibshirani 1993, eq. 14.10),
 * from 10,000 resamples. Of equal values it is that value.
 */
export function bcaInterval(values: readonly number[], random: Random): Interval {
  return bcaOf(values, resampledMeans(values, drawResamples(values.length, random)));
}

/**
 * The same from the resamples of seed 0, drawn once for each n: a ranking asks for thousands of intervals, and while its
 * runs come in for the same ones over and over.
 */
export function fixedBcaInterval(values: readonly number[]): Interval {
  const asked = values.join();
  const known = fixedIntervals.get(asked);
  if (known !== undefined) return [...known];
  const interval = workOut(values);
  if (fixedIntervals.size >= INTERVALS_KEPT) fixedIntervals.clear();
  fixedIntervals.set(asked, interval);
  return [...interval];
}

function workOut(values: readonly number[]): Interval {
  const n = values.length;
  const resamples = fixedResamples.get(n) ?? drawResamples(n, seededRandom(0));
  // Beyond, memory would cost more than drawing again.
  if (n <= MOST_KEPT) fixedResamples.set(n, resamples);
  return bcaOf(values, resampledMeans(values, resamples));
}

/** 10,000 resamples of 64 seeds are 2.5 MB. */
const MOST_KEPT = 64;
/** Each takes a millisecond to work out, and half a kB to keep. */
const INTERVALS_KEPT = 10_000;
const fixedIntervals = new Map<string, Interval>();
const fixedResamples = new Map<number, Uint32Array>();

/** Which value each place of each resample takes, [10,000 x n]. */
function drawResamples(n: number, random: Random): Uint32Array {
  return Uint32Array.from({ length: RESAMPLES * n }, () => Math.floor(random() * n));
}

function resampledMeans(values: readonly number[], resamples: Uint32Array): Float64Array {
  const n = values.length;
  const means = new Float64Array(RESAMPLES);
  for (let at = 0, place = 0; at < RESAMPLES; at += 1) {
    let sum = 0;
    for (let i = 0; i < n; i += 1, place += 1) sum += values[resamples[place] ?? 0] ?? Number.NaN;
    means[at] = sum / n;
  }
  return means;
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
