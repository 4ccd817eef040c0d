/* Dependence between latents, from numbers on the host. */

/**
 * Total correlation of the Gaussian with this correlation matrix, nats: -1/2 ln det R. 0 where nothing correlates; infinite
 * where one latent follows from the others.
 * Source: disentanglement_lib `gaussian_total_correlation` (1/2 (sum ln cov_ii - ln det cov) is the same).
 */
export function gaussianTotalCorrelation(correlation: readonly (readonly number[])[]): number {
  // Cholesky: det R is the product of the squared pivots.
  const lower: number[][] = [];
  let total = 0;
  for (const [i, row] of correlation.entries()) {
    const mine: number[] = [];
    for (let j = 0; j <= i; j += 1) {
      const other = j === i ? mine : (lower[j] ?? []);
      const dot = mine.slice(0, j).reduce((sum, value, k) => sum + value * (other[k] ?? 0), 0);
      const rest = (row[j] ?? Number.NaN) - dot;
      mine.push(j === i ? Math.sqrt(Math.max(0, rest)) : rest / (other[j] ?? Number.NaN));
    }
    lower.push(mine);
    total -= Math.log(mine[i] ?? Number.NaN);
  }
  return total;
}

const BINS = 20;

/** Bin 0..19 of each value between the least and the greatest, as numpy's `digitize` over `histogram`. */
function binned(values: Float64Array): Uint8Array {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(high > low)) return new Uint8Array(values.length);
  const step = (high - low) / BINS;
  return Uint8Array.from(values, (value) => {
    let bin = Math.min(BINS - 1, Math.floor((value - low) / step));
    // The edges themselves decide, not the rounding of the division.
    if (bin > 0 && value < low + bin * step) bin -= 1;
    else if (bin < BINS - 1 && value >= low + (bin + 1) * step) bin += 1;
    return bin;
  });
}

/** Mutual information of two binned latents, nats. */
function mutualInformation(a: Uint8Array, b: Uint8Array): number {
  const joint = new Float64Array(BINS * BINS);
  const [ofA, ofB] = [new Float64Array(BINS), new Float64Array(BINS)];
  a.forEach((bin, i) => {
    const other = b[i] ?? 0;
    joint[bin * BINS + other] = (joint[bin * BINS + other] ?? 0) + 1;
    ofA[bin] = (ofA[bin] ?? 0) + 1;
    ofB[other] = (ofB[other] ?? 0) + 1;
  });
  const n = a.length;
  return joint.reduce((sum, count, at) => {
    if (count === 0) return sum;
    const independent = ((ofA[Math.floor(at / BINS)] ?? 0) * (ofB[at % BINS] ?? 0)) / n;
    return sum + (count / n) * Math.log(count / independent);
  }, 0);
}

/**
 * Mean mutual information over all pairs of latents, each cut to 20 bins of equal width; nats. NaN with fewer than two.
 * Source: disentanglement_lib `mutual_info_score` of unsupervised_metrics.py.
 */
export function mutualInfoScore(latents: readonly Float64Array[]): number {
  const bins = latents.map(binned);
  const pairs = bins.flatMap((a, i) => bins.slice(0, i).map((b) => mutualInformation(a, b)));
  return pairs.length === 0 ? Number.NaN : pairs.reduce((sum, value) => sum + value, 0) / pairs.length;
}
