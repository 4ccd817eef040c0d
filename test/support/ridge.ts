/** Frames of some trials: features (latents, pixels) and targets (true factors, labels), one row a frame. */
export interface Rows {
  x: readonly ArrayLike<number>[];
  y: readonly ArrayLike<number>[];
}

/**
 * R2 of each target on the test rows, predicted from the features by ridge regression fitted on the training rows.
 * Features are standardised there; a feature that does not vary is left out. `penalty` is per training row, on
 * standardised features. The R2 is about the test rows' own mean, so 0 is a constant and 1 is perfect.
 */
export function ridgeR2(train: Rows, test: Rows, penalty = 1e-3): number[] {
  const scale = standardiser(train.x);
  const x = train.x.map(scale);
  const width = x[0]?.length ?? 0;
  const gram = Array.from({ length: width }, () => new Float64Array(width));
  for (const row of x) {
    for (let i = 0; i < width; i++) {
      const into = gram[i]!;
      const value = row[i]! / x.length;
      for (let j = 0; j <= i; j++) into[j]! += value * row[j]!;
    }
  }
  for (let i = 0; i < width; i++) gram[i]![i]! += penalty;
  const lower = cholesky(gram);
  const testX = test.x.map(scale);
  return Array.from({ length: train.y[0]?.length ?? 0 }, (_, target) => {
    const y = train.y.map((row) => row[target]!);
    const centre = mean(y);
    const moment = Float64Array.from({ length: width }, (__, i) =>
      x.reduce((sum, row, n) => sum + (row[i]! * (y[n]! - centre)) / x.length, 0),
    );
    const weights = solve(lower, moment);
    return r2(
      test.y.map((row) => row[target]!),
      testX.map((row) => row.reduce((sum, value, i) => sum + value * weights[i]!, centre)),
    );
  });
}

function r2(truth: readonly number[], predicted: readonly number[]): number {
  const centre = mean(truth);
  const residual = truth.reduce((sum, value, i) => sum + (value - predicted[i]!) ** 2, 0);
  return 1 - residual / truth.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardiser(rows: readonly ArrayLike<number>[]): (row: ArrayLike<number>) => Float64Array {
  const columns = Array.from({ length: rows[0]?.length ?? 0 }, (_, i) => {
    const values = rows.map((row) => row[i]!);
    const centre = mean(values);
    return { i, centre, deviation: Math.sqrt(mean(values.map((value) => (value - centre) ** 2))) };
  }).filter(({ deviation }) => deviation > 1e-9);
  return (row) => Float64Array.from(columns, ({ i, centre, deviation }) => (row[i]! - centre) / deviation);
}

/** Lower triangle L with L L^T = a; `a` needs only its own lower triangle. */
function cholesky(a: readonly Float64Array[]): Float64Array[] {
  const lower = a.map((row) => row.slice());
  for (let i = 0; i < lower.length; i++) {
    const row = lower[i]!;
    for (let j = 0; j <= i; j++) {
      const other = lower[j]!;
      let sum = row[j]!;
      for (let k = 0; k < j; k++) sum -= row[k]! * other[k]!;
      row[j] = i === j ? Math.sqrt(sum) : sum / other[j]!;
    }
  }
  return lower;
}

/** x of L L^T x = b. */
function solve(lower: readonly Float64Array[], b: Float64Array): Float64Array {
  const x = b.slice();
  for (let i = 0; i < x.length; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i]![k]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  for (let i = x.length - 1; i >= 0; i--) {
    for (let k = i + 1; k < x.length; k++) x[i]! -= lower[k]![i]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  return x;
}
