import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bcaInterval, bcaOf } from './bootstrap.js';
import { median } from './moments.js';
import { seededRandom } from './random.js';
import { distribution, pairedDifference, tInterval, welchInterval } from './statistics.js';

/*
 * Golden values: scipy 1.17.1, numpy 2.4.6, on Python 3.
 *   t       stats.t.interval(0.95, n - 1, loc=mean(x), scale=stats.sem(x))
 *   BCa     stats.bootstrap((x,), np.mean, confidence_level=0.95, method='BCa', n_resamples=..., rng=default_rng(7))
 *   Welch   stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
 *   paired  stats.ttest_rel(a, b).confidence_interval(0.95)
 */
const SKEWED = [0.02, 0.05, 0.07, 0.11, 0.13, 0.19, 0.23, 0.31, 0.47, 0.83, 1.37, 2.9];
const EVEN = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

const near = (values: readonly number[]): unknown[] => values.map((value): unknown => expect.closeTo(value, 12));

const bySeed = (values: number[], from = 1) => new Map(values.map((value, i) => [from + i, value]));

describe('tInterval', () => {
  it('agrees with scipy', () => {
    expect(tInterval([0.12, 0.31, 0.17])).toEqual(near([-0.04465919083108161, 0.4446591908310816]));
    expect(tInterval([1, 2.5])).toEqual(near([-7.77965355213102, 11.27965355213102]));
    expect(tInterval([0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => 0.1 * i * i))).toEqual(
      near([0.5163637866505113, 4.016969546682822]),
    );
  });

  it('is none for one value', () => {
    expect(tInterval([3])).toBeNull();
    expect(tInterval([])).toBeNull();
  });
});

describe('bcaInterval', () => {
  it('agrees with scipy to the last digits on the same resamples', () => {
    const skewed = [
      0.7633333333333333, 0.39250000000000007, 0.7783333333333333, 0.6033333333333333, 0.7391666666666667,
      0.6958333333333333, 0.5766666666666667, 0.5316666666666667, 0.34249999999999997, 0.4441666666666666,
      0.4391666666666667, 0.6375, 0.8091666666666667, 0.6425000000000001, 0.7141666666666668, 0.6300000000000001,
      0.5249999999999999, 0.3316666666666667, 1.0283333333333335, 0.5508333333333334, 0.7841666666666668, 0.5525,
      0.8041666666666668, 1.0766666666666664, 0.6141666666666667, 0.8266666666666667, 0.2525, 0.4816666666666667,
      0.42916666666666664, 0.5416666666666666, 0.945, 0.5966666666666667, 0.125, 0.5741666666666667, 0.6649999999999999,
      0.28833333333333333, 0.5816666666666667, 0.2591666666666667, 0.6083333333333334, 0.385,
    ];
    expect(bcaOf(SKEWED, Float64Array.from(skewed))).toEqual(near([0.24944130254582098, 1.0296135420133576]));
    const even = [4.3, 4.4, 5.7, 6.6, 5.1, 4.8, 5.7, 5.4, 6.4, 6.3, 5.8, 4.6, 5.9, 6.4, 7.1, 4.4, 5.0, 6.4, 5.3, 4.1];
    expect(bcaOf(EVEN, Float64Array.from(even))).toEqual(near([4.195, 6.8625]));
  });

  it('agrees with a million resamples of scipy within the noise of 10,000', () => {
    // The standard deviation of scipy's own ends over 40 seeds is 0.0029 and 0.023 for the skewed sample.
    const [low, high] = bcaInterval(SKEWED, seededRandom(1));
    expect(Math.abs(low - 0.2454)).toBeLessThan(0.012);
    expect(Math.abs(high - 1.304)).toBeLessThan(0.09);
    const [lowEven, highEven] = bcaInterval(EVEN, seededRandom(2));
    expect(Math.abs(lowEven - 3.7)).toBeLessThan(0.11);
    expect(Math.abs(highEven - 7.3)).toBeLessThan(0.11);
  });

  it('of equal values is that value', () => {
    expect(
      bcaInterval(
        Array.from({ length: 12 }, () => 0.1),
        seededRandom(0),
      ),
    ).toEqual([0.1, 0.1].map((v) => expect.closeTo(v, 15)));
  });

  it('is the same for the same stream', () => {
    expect(bcaInterval(SKEWED, seededRandom(4))).toEqual(bcaInterval(SKEWED, seededRandom(4)));
    expect(bcaInterval(SKEWED, seededRandom(4))).not.toEqual(bcaInterval(SKEWED, seededRandom(5)));
  });
});

describe('distribution', () => {
  it('has no interval for one value, t up to 9, BCa from 10', () => {
    expect(distribution([])).toEqual({
      n: 0,
      mean: null,
      sd: null,
      median: null,
      interval: null,
      intervalMethod: null,
    });
    expect(distribution([2])).toEqual({ n: 1, mean: 2, sd: null, median: 2, interval: null, intervalMethod: null });
    const three = distribution([0.12, 0.31, 0.17]);
    expect(three).toMatchObject({ n: 3, mean: expect.closeTo(0.2, 12), median: 0.17, intervalMethod: 't' });
    expect(three.sd).toBeCloseTo(0.09848857801796104, 12);
    expect(distribution(EVEN.slice(0, 9)).intervalMethod).toBe('t');
    const twelve = distribution(SKEWED);
    expect(twelve.mean).toBeCloseTo(0.5566666666666666, 12);
    expect(twelve.sd).toBeCloseTo(0.8366636484311127, 12);
    expect(twelve.median).toBeCloseTo(0.21, 12);
    expect(twelve.intervalMethod).toBe('bca');
  });

  it('says the same each time it is asked', () => {
    expect(distribution(SKEWED)).toEqual(distribution(SKEWED));
  });

  it('sends what is not finite as text', () => {
    expect(distribution([1, Number.NaN])).toMatchObject({ n: 2, mean: 'NaN' });
  });

  it('lies around the mean, in the range of the values, whatever their order', () => {
    const values = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2, maxLength: 14 });
    fc.assert(
      fc.property(values, (given) => {
        const { mean, interval, median: middle, intervalMethod } = distribution(given);
        const [low, high] = (interval ?? []).map(Number);
        const slack = 1e-9 * (1 + Math.max(...given.map(Math.abs)));
        expect(Number(mean)).toBeGreaterThanOrEqual(Math.min(...given) - slack);
        expect(Number(mean)).toBeLessThanOrEqual(Math.max(...given) + slack);
        expect(Number(low)).toBeLessThanOrEqual(Number(high) + slack);
        const middleOfInterval = intervalMethod === 't' ? (Number(low) + Number(high)) / 2 : Number(mean);
        expect(middleOfInterval).toBeCloseTo(Number(mean), 6);
        expect(median(given.toReversed())).toBe(middle);
      }),
      { numRuns: 60 },
    );
  });
});

describe('pairedDifference', () => {
  it('agrees with scipy', () => {
    const difference = pairedDifference(bySeed([0.2, 0.25, 0.31, 0.22]), bySeed([0.24, 0.27, 0.3, 0.29]));
    expect(difference).toMatchObject({ n: 4, intervalMethod: 't' });
    expect([difference?.mean, difference?.sd]).toEqual(near([-0.03, 0.03366501646120692]));
    expect(difference?.interval ?? null).toEqual(near([-0.08356855362714158, 0.023568553627141588]));
  });

  it('takes only common seeds', () => {
    expect(pairedDifference(bySeed([1, 2, 3], 1), bySeed([5, 5], 3))).toMatchObject({ n: 1, mean: -2, interval: null });
    expect(pairedDifference(bySeed([1], 1), bySeed([1], 2))).toBeNull();
  });

  it('has a t interval however many seeds there are', () => {
    const many = Array.from({ length: 20 }, (_, i) => i);
    expect(pairedDifference(bySeed(many.map((i) => i * i)), bySeed(many))).toMatchObject({
      n: 20,
      intervalMethod: 't',
    });
  });
});

describe('welchInterval', () => {
  it('agrees with scipy', () => {
    expect(welchInterval([0.2, 0.25, 0.31, 0.22, 0.4], [0.5, 0.45, 0.61])).toEqual(
      near([-0.4048709135287675, -0.08312908647123263]),
    );
  });

  it('needs two values of each', () => {
    expect(welchInterval([1], [1, 2])).toBeNull();
    expect(welchInterval([1, 1], [3, 3])).toEqual([-2, -2]);
  });
});
