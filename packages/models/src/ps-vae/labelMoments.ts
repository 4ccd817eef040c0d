import type { Trial } from '@trawl/datasets';
import { addLabels, labelSums } from './metrics.js';

/** Of each label, in the units of the data. */
export interface LabelMoments {
  mean: number[];
  std: number[];
}

/**
 * Mean and standard deviation of `labels` labels over the frames of `trials`; masked entries do not count where `masked`.
 * A label without two different values has standard deviation 1, one without values mean 0.
 */
export function labelMoments(trials: readonly Trial[], labels: number, masked: boolean): LabelMoments {
  const sums = labelSums(labels);
  for (const { labels: y, labelMasks } of trials)
    if (y && labels > 0) addLabels(sums, y, y, masked ? labelMasks : null);
  const over = (values: readonly number[]): number[] => values.map((value, l) => value / Math.max(sums.n[l] ?? 0, 1));
  const mean = over(sums.y);
  const std = over(sums.yy).map((square, l) => {
    const variance = square - (mean[l] ?? 0) ** 2;
    // Of equal labels rounding is left.
    return variance > 1e-10 * square ? Math.sqrt(variance) : 1;
  });
  return { mean, std };
}
