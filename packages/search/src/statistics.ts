import quantileOfT from '@stdlib/stats-base-dists-t-quantile';
import { toWire } from '@trawl/spec';
import type { Distribution } from '@trawl/spec';
import { bcaInterval, fixedBcaInterval } from './bootstrap.js';
import { CONFIDENCE, mean, median, standardDeviation } from './moments.js';
import type { Interval } from './moments.js';
import type { Random } from './random.js';

/** From so many values on the interval is a bootstrap's: below, resamples are too few to be trusted. */
const BOOTSTRAP_FROM = 10;

/** 95 % t interval of the mean; null for n < 2. */
export function tInterval(values: readonly number[]): Interval | null {
  const n = values.length;
  if (n < 2) return null;
  return around(mean(values), standardDeviation(values) / Math.sqrt(n), n - 1);
}

/**
 * A distribution over seeds with the 95 % interval of its mean: none for n = 1, t for n < 10, BCa bootstrap from 10.
 * Without `random` the bootstrap draws from a fixed seed, so that asking twice gives one answer.
 */
export function distribution(values: readonly number[], random?: Random): Distribution {
  if (values.length < BOOTSTRAP_FROM) return describe(values, tInterval(values), 't');
  return describe(values, random ? bcaInterval(values, random) : fixedBcaInterval(values), 'bca');
}

/**
 * `a - b` over the seeds that both have (values by seed), with the 95 % t interval of its mean whatever n is;
 * null without a common seed.
 */
export function pairedDifference(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): Distribution | null {
  const differences: number[] = [];
  for (const [seed, value] of a) {
    const other = b.get(seed);
    if (other !== undefined) differences.push(value - other);
  }
  return differences.length === 0 ? null : describe(differences, tInterval(differences), 't');
}

/** 95 % interval of mean(a) - mean(b) of independent samples with unequal variances (Welch 1947); null for n < 2. */
export function welchInterval(a: readonly number[], b: readonly number[]): Interval | null {
  if (a.length < 2 || b.length < 2) return null;
  const va = standardDeviation(a) ** 2 / a.length;
  const vb = standardDeviation(b) ** 2 / b.length;
  const difference = mean(a) - mean(b);
  if (va + vb === 0) return [difference, difference];
  const freedom = (va + vb) ** 2 / (va ** 2 / (a.length - 1) + vb ** 2 / (b.length - 1));
  return around(difference, Math.sqrt(va + vb), freedom);
}

function around(centre: number, standardError: number, freedom: number): Interval {
  const half = quantileOfT(1 - (1 - CONFIDENCE) / 2, freedom) * standardError;
  return [centre - half, centre + half];
}

function describe(values: readonly number[], interval: Interval | null, method: 't' | 'bca'): Distribution {
  const n = values.length;
  return {
    n,
    mean: n === 0 ? null : toWire(mean(values)),
    sd: n < 2 ? null : toWire(standardDeviation(values)),
    median: n === 0 ? null : toWire(median(values)),
    interval: interval === null ? null : [toWire(interval[0]), toWire(interval[1])],
    intervalMethod: interval === null ? null : method,
  };
}
