import { ACTIVE_VARIANCE } from './latentCards.js';

/* Sums over frames in float64, as plain JSON: a checkpoint in mid-epoch carries them. */

/** Per label over unmasked entries: count, sum y, sum y^2, sum (y - yhat)^2. */
export interface LabelSums {
  n: number[];
  y: number[];
  yy: number[];
  error: number[];
}

/** Over frames: count, sum w_a, and sum w_a w_b for all pairs. */
export interface LatentSums {
  n: number;
  sum: number[];
  products: number[][];
}

const zeros = (n: number): number[] => Array.from({ length: n }, () => 0);

export const labelSums = (labels: number): LabelSums => ({
  n: zeros(labels),
  y: zeros(labels),
  yy: zeros(labels),
  error: zeros(labels),
});

export const latentSums = (units: number): LatentSums => ({
  n: 0,
  sum: zeros(units),
  products: zeros(units).map(() => zeros(units)),
});

/** Adds frames; all arrays are [frames, labels], mask 1 = labelled, null = all are. */
export function addLabels(sums: LabelSums, y: Float32Array, yHat: Float32Array, mask: Float32Array | null): void {
  const labels = sums.n.length;
  y.forEach((value, at) => {
    if (mask !== null && mask[at] === 0) return;
    const l = at % labels;
    add(sums.n, l, 1);
    add(sums.y, l, value);
    add(sums.yy, l, value * value);
    add(sums.error, l, (value - (yHat[at] ?? 0)) ** 2);
  });
}

/** Adds frames of `means`, [frames, stride], whose unsupervised latents start at column `from`. */
export function addLatents(sums: LatentSums, means: Float32Array, stride: number, from: number): void {
  const units = stride - from;
  for (let row = 0; row < means.length; row += stride) {
    sums.n += 1;
    for (let a = 0; a < units; a += 1) {
      const value = means[row + from + a] ?? 0;
      add(sums.sum, a, value);
      const products = sums.products[a] ?? [];
      for (let b = 0; b <= a; b += 1) add(products, b, value * (means[row + from + b] ?? 0));
    }
  }
}

function add(to: number[], at: number, value: number): void {
  to[at] = (to[at] ?? 0) + value;
}

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Mean squared error pooled over labels and frames; NaN when nothing is labelled. */
export const labelMse = (sums: LabelSums): number => total(sums.error) / total(sums.n);

/**
 * 1 - sum_l SSres_l / sum_l SStot_l, SStot about each label's own mean: scikit-learn's `variance_weighted`.
 * (BehaveNet flattens masked labels to one vector first and so takes one mean for all labels.)
 */
export function labelR2(sums: LabelSums): number {
  const spread = sums.yy.map((yy, l) => {
    const n = sums.n[l] ?? 0;
    return n === 0 ? 0 : yy - (sums.y[l] ?? 0) ** 2 / n;
  });
  return 1 - total(sums.error) / total(spread);
}

/** Of each label by itself, `label_mse_1` and `label_r2_1` for the first; NaN where it is nowhere labelled. */
export function metricsByLabel(sums: LabelSums): Record<string, number> {
  return Object.fromEntries(
    sums.n.flatMap((n, l) => {
      const error = sums.error[l] ?? Number.NaN;
      const spread = (sums.yy[l] ?? Number.NaN) - (sums.y[l] ?? Number.NaN) ** 2 / n;
      return [
        [`label_mse_${l + 1}`, error / n],
        [`label_r2_${l + 1}`, 1 - error / spread],
      ];
    }),
  );
}

export interface LatentMetrics {
  /** Mean |Pearson r| over all pairs of units; NaN with fewer than two, or where one never moves. */
  correlation: number;
  /** Over pairs of active units. */
  correlationActive: number;
  /** Of units 0 and 1, as BehaveNet's code. */
  correlationFirstPair: number;
  /** Units whose mean has a (population) variance above 0.01. */
  activeUnits: number;
}

/** Of population covariances. */
function covarianceOf(sums: LatentSums): (a: number, b: number) => number {
  return (a, b) => {
    const product = sums.products[Math.max(a, b)]?.[Math.min(a, b)] ?? Number.NaN;
    return product / sums.n - ((sums.sum[a] ?? 0) / sums.n) * ((sums.sum[b] ?? 0) / sums.n);
  };
}

/** Pearson r of all pairs of units; 1 on the diagonal, NaN where a unit never moves. */
export function correlationMatrix(sums: LatentSums): number[][] {
  const covariance = covarianceOf(sums);
  const units = [...sums.sum.keys()];
  return units.map((a) =>
    units.map((b) => {
      const r = covariance(a, b) / Math.sqrt(covariance(a, a) * covariance(b, b));
      return a === b && Number.isFinite(r) ? 1 : r;
    }),
  );
}

export function latentMetrics(sums: LatentSums): LatentMetrics {
  const units = [...sums.sum.keys()];
  const covariance = covarianceOf(sums);
  const matrix = correlationMatrix(sums);
  const r = (a: number, b: number): number => Math.abs(matrix[a]?.[b] ?? Number.NaN);
  const meanOverPairs = (of: readonly number[]): number => {
    const values = of.flatMap((a) => of.filter((b) => b < a).map((b) => r(a, b)));
    return values.length === 0 ? Number.NaN : total(values) / values.length;
  };
  const active = units.filter((a) => covariance(a, a) > ACTIVE_VARIANCE);
  return {
    correlation: meanOverPairs(units),
    correlationActive: meanOverPairs(active),
    correlationFirstPair: meanOverPairs(units.slice(0, 2)),
    activeUnits: active.length,
  };
}
