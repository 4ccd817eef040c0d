import { describe, expect, it } from 'vitest';
import { componentsFit, labelFit } from './labelFit.js';

describe('labelFit', () => {
  it('pools: a label is judged about its mean over all rows, all labels by their sums', () => {
    const fit = labelFit([
      { truth: [0, 1], predicted: [0, 1] },
      { truth: [2, null], predicted: [1, 9] },
      { truth: [4, 3], predicted: [4, 3] },
    ]);
    expect(fit.labels).toEqual([
      { n: 3, r2: 1 - 1 / 8, mse: 1 / 3 },
      { n: 2, r2: 1, mse: 0 },
    ]);
    expect(fit).toMatchObject({ n: 5, r2: 1 - 1 / 10, mse: 1 / 5 });
  });

  it('has no R2 of a label that never moves or is nowhere known', () => {
    const fit = labelFit([
      { truth: [1, null], predicted: [0, 0] },
      { truth: [1, null], predicted: [0, 0] },
    ]);
    expect(fit.labels).toEqual([
      { n: 2, r2: null, mse: 1 },
      { n: 0, r2: null, mse: null },
    ]);
  });
});

/** Labels of a plane (two numbers a frame), and a third direction of their own of the size `out`. */
const rows = (out: number) =>
  Array.from({ length: 12 }, (_, i) => {
    const [a, b, c] = [Math.cos(i), Math.sin(2 * i), out * Math.cos(3 * i + 1)];
    return { truth: [a + b, a - b + c, 2 * a - c, b + 0.5 * c], predicted: [] };
  });

describe('componentsFit', () => {
  it('is perfect where labels have no more dimensions than components', () => {
    expect(componentsFit(rows(0), 2)?.r2).toBeCloseTo(1, 9);
    expect(componentsFit(rows(0), 1)?.r2).toBeLessThan(0.95);
  });

  it('keeps as much variance as the eigenvalues say', () => {
    // numpy 2: s = svd(x - x.mean(0))[1]; (s[:2] ** 2).sum() / (s ** 2).sum()
    expect(componentsFit(rows(1), 2)?.r2).toBeCloseTo(0.8022735915, 9);
  });

  it('takes only frames whose labels are all known, and more of them than components', () => {
    const masked = { truth: [null, 5, 5, 5], predicted: [] };
    expect(componentsFit([...rows(1), masked], 2)).toEqual(componentsFit(rows(1), 2));
    expect(componentsFit([masked], 2)).toBeNull();
    expect(componentsFit([{ truth: [1, 2], predicted: [] }], 2)).toBeNull();
  });
});
