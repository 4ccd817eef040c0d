/* Softmax regression on the host, in float64: small enough, and the same on every backend. */

/** A frame more tells nothing new: rows at equal distances are taken. */
const MOST_ROWS = 4_000;
const ITERATIONS = 1_000;
const TOLERANCE = 1e-7;

/** Rows of latents and the session of each. */
export interface Labelled {
  /** [rows, width], row-major. */
  values: Float64Array;
  width: number;
  sessions: number[];
}

export type Classifier = (row: Float64Array) => Float64Array;

/**
 * Fits softmax regression on latents standardised over `data`: minimises - sum_i ln p_i + |W|^2 / 2 (scikit-learn's C = 1; the
 * biases are free) by Nesterov's method with restarts. The answer gives a row's probability of each of `classes`.
 */
export function fitClassifier(data: Labelled, classes: number): Classifier {
  const { values, width, sessions } = thinned(data);
  const rows = sessions.length;
  const { mean, scale } = moments(values, width, rows);
  const columns = width + 1;
  const x = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i += 1) {
    for (let d = 0; d < width; d += 1) {
      x[i * columns + d] = ((values[i * width + d] ?? 0) - (mean[d] ?? 0)) * (scale[d] ?? 0);
    }
    x[i * columns + width] = 1;
  }
  // The Hessian of softmax is at most half of X'X.
  const step = 1 / (largestEigenvalue(x, columns, rows) / 2 + 1);
  let weights = new Float64Array(columns * classes);
  let ahead = weights;
  let momentum = 1;
  for (let k = 0; k < ITERATIONS; k += 1) {
    const slope = gradient(x, sessions, ahead, { columns, classes });
    const next = ahead.map((value, i) => value - step * (slope[i] ?? 0));
    const moved = next.map((value, i) => value - (weights[i] ?? 0));
    if (moved.every((value) => Math.abs(value) < TOLERANCE)) break;
    // Uphill: the momentum has overshot.
    const uphill = moved.reduce((sum, value, i) => sum + value * (slope[i] ?? 0), 0) > 0;
    const after = uphill ? 1 : (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2;
    const share = uphill ? 0 : (momentum - 1) / after;
    ahead = next.map((value, i) => value + share * (moved[i] ?? 0));
    weights = next;
    momentum = after;
  }
  return (row) => {
    const standard = Float64Array.from({ length: columns }, (_, d) =>
      d === width ? 1 : ((row[d] ?? 0) - (mean[d] ?? 0)) * (scale[d] ?? 0),
    );
    return softmax(standard, weights, classes);
  };
}

/** Share of rows whose likeliest class is theirs. */
export function accuracyOf(classifier: Classifier, { values, width, sessions }: Labelled): number {
  const right = sessions.filter((session, i) => {
    const probability = classifier(values.subarray(i * width, (i + 1) * width));
    return probability.indexOf(probability.reduce((a, b) => Math.max(a, b), 0)) === session;
  });
  return right.length / sessions.length;
}

function thinned({ values, width, sessions }: Labelled): Labelled {
  if (sessions.length <= MOST_ROWS) return { values, width, sessions };
  const rows = Array.from({ length: MOST_ROWS }, (_, i) => Math.floor((i * sessions.length) / MOST_ROWS));
  const kept = new Float64Array(MOST_ROWS * width);
  rows.forEach((row, i) => kept.set(values.subarray(row * width, (row + 1) * width), i * width));
  return { values: kept, width, sessions: rows.map((row) => sessions[row] ?? 0) };
}

/** Mean and 1 / standard deviation of each column; 0 for one that never moves. */
function moments(values: Float64Array, width: number, rows: number): { mean: number[]; scale: number[] } {
  const columns = Array.from({ length: width }, (_, d) =>
    Array.from({ length: rows }, (_row, i) => values[i * width + d] ?? 0),
  );
  const mean = columns.map((column) => column.reduce((a, b) => a + b, 0) / rows);
  const scale = columns.map((column, d) => {
    const variance = column.reduce((sum, value) => sum + (value - (mean[d] ?? 0)) ** 2, 0) / rows;
    return variance > 0 ? 1 / Math.sqrt(variance) : 0;
  });
  return { mean, scale };
}

function softmax(row: Float64Array, weights: Float64Array, classes: number): Float64Array {
  const logits = new Float64Array(classes);
  row.forEach((value, d) => {
    for (let c = 0; c < classes; c += 1) logits[c] = (logits[c] ?? 0) + value * (weights[d * classes + c] ?? 0);
  });
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

function gradient(
  x: Float64Array,
  sessions: readonly number[],
  weights: Float64Array,
  { columns, classes }: { columns: number; classes: number },
): Float64Array {
  // Biases, the last row of weights, carry no penalty.
  const slope = weights.map((value, i) => (i < (columns - 1) * classes ? value : 0));
  sessions.forEach((session, i) => {
    const row = x.subarray(i * columns, (i + 1) * columns);
    const off = softmax(row, weights, classes);
    off[session] = (off[session] ?? 0) - 1;
    row.forEach((value, d) => {
      for (let c = 0; c < classes; c += 1)
        slope[d * classes + c] = (slope[d * classes + c] ?? 0) + value * (off[c] ?? 0);
    });
  });
  return slope;
}

/** Of X'X, by power iteration; a little above, so that a step is never too long. */
function largestEigenvalue(x: Float64Array, columns: number, rows: number): number {
  let vector = new Float64Array(columns).fill(1);
  let eigenvalue = 1;
  for (let k = 0; k < 30; k += 1) {
    const image = new Float64Array(columns);
    for (let i = 0; i < rows; i += 1) {
      const row = x.subarray(i * columns, (i + 1) * columns);
      const along = row.reduce((sum, value, d) => sum + value * (vector[d] ?? 0), 0);
      row.forEach((value, d) => (image[d] = (image[d] ?? 0) + along * value));
    }
    eigenvalue = Math.hypot(...image);
    vector = image.map((value) => value / eigenvalue);
  }
  return 1.1 * eigenvalue;
}
