import { mean, median } from './moments.js';

/** Unsupervised latents of one run: one array a latent, over the same frames as those of the other runs. */
export interface UdrRun {
  seed: number;
  latents: readonly Float64Array[];
}

/** As of the models: below, a latent's mean hardly moves. */
const ACTIVE_VARIANCE = 0.01;

/**
 * Unsupervised disentanglement ranking: runs that found the same latents, but for order and sign, score near 1. With R the
 * |Spearman correlation| of latent a of run i and b of run j,
 *
 *   UDR_ij = (sum_b max_a R^2 / sum_a R + sum_a max_b R^2 / sum_b R) / (d_i + d_j)
 *
 * outer sums over active latents, of which there are d. A run's score is the median over the other runs; null where there
 * is none, or where neither of a pair has an active latent.
 * Source: Duan et al. 2020, arXiv 1905.12614 (informative latents by variance of the mean, not by KL).
 */
export function udr(runs: readonly UdrRun[]): { seed: number; udr: number | null }[] {
  const ranked = runs.map(({ latents }) =>
    latents.map((latent) => ({ ranks: standardRanks(latent), active: isActive(latent) })),
  );
  return runs.map(({ seed }, i) => {
    const pairs = ranked.flatMap((other, j) => (j === i ? [] : (pairScore(ranked[i] ?? [], other) ?? [])));
    return { seed, udr: pairs.length === 0 ? null : median(pairs) };
  });
}

interface Ranked {
  ranks: Float64Array;
  active: boolean;
}

function pairScore(ours: readonly Ranked[], theirs: readonly Ranked[]): number | null {
  const r = ours.map((a) => theirs.map((b) => Math.abs(dot(a.ranks, b.ranks))));
  const columns = theirs.map((_, b) => r.map((row) => row[b] ?? 0));
  const scores = [...r.filter((_, a) => ours[a]?.active), ...columns.filter((_, b) => theirs[b]?.active)].map(
    (values) => {
      const sum = values.reduce((a, b) => a + b, 0);
      return sum === 0 ? 0 : Math.max(...values) ** 2 / sum;
    },
  );
  return scores.length === 0 ? null : mean(scores);
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

function isActive(latent: Float64Array): boolean {
  const values = [...latent];
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 2)) > ACTIVE_VARIANCE;
}

/** Ranks, ties at their middle, scaled so that the product of two is their Spearman correlation; 0 where nothing varies. */
function standardRanks(values: Float64Array): Float64Array {
  const order = [...values.keys()].toSorted((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to] ?? 0] === values[order[from] ?? 0]) to += 1;
    for (let i = from; i < to; i += 1) ranks[order[i] ?? 0] = (from + to - 1) / 2;
    from = to;
  }
  const centred = ranks.map((rank) => rank - (values.length - 1) / 2);
  const length = Math.sqrt(dot(centred, centred));
  return length === 0 ? centred : centred.map((rank) => rank / length);
}
