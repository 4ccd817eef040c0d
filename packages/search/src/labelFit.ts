import { principalComponents } from './principalComponents.js';

/** One held-out frame of one run; null where a label is masked. */
export interface LabelRow {
  truth: readonly (number | null)[];
  predicted: readonly number[];
}

export interface LabelScore {
  /** Labelled values. */
  n: number;
  /** 1 - SSres / SStot about the label's own mean; null where nothing is labelled or it never moves. */
  r2: number | null;
  mse: number | null;
}

export interface LabelFit extends LabelScore {
  labels: LabelScore[];
}

/**
 * How well labels are predicted, over all rows together: SStot is about the mean of all rows, so that a split whose few frames
 * lie close together does not decide. `r2` of all labels is 1 - sum SSres / sum SStot, scikit-learn's `variance_weighted`.
 */
export function labelFit(rows: readonly LabelRow[]): LabelFit {
  const sums = Array.from({ length: rows[0]?.truth.length ?? 0 }, (_, label) => sumsOf(rows, label));
  return {
    ...scoreOf({
      n: total(sums.map(({ n }) => n)),
      error: total(sums.map(({ error }) => error)),
      spread: total(sums.map(({ spread }) => spread)),
    }),
    labels: sums.map(scoreOf),
  };
}

/**
 * The fit of whoever knows no more of each frame than `components` numbers, in the best case: of the frames whose labels are all
 * known the projection of the true labels on their first principal components, which are those of these very frames. With two
 * of an animal's keypoints, that is about where it is. Null: there are not more labels than components, or not more frames.
 */
export function componentsFit(rows: readonly LabelRow[], components: number): LabelFit | null {
  const complete = rows.flatMap(({ truth }) => (truth.every((value) => value !== null) ? [truth] : []));
  const labels = complete[0]?.length ?? 0;
  if (labels <= components || complete.length <= components) return null;
  const { means, axes } = principalComponents(complete, components);
  return labelFit(
    complete.map((truth) => {
      const scores = axes.map((axis) => total(axis.map((a, l) => a * ((truth[l] ?? 0) - (means[l] ?? 0)))));
      return {
        truth,
        predicted: means.map((centre, l) => centre + total(axes.map((axis, c) => (axis[l] ?? 0) * (scores[c] ?? 0)))),
      };
    }),
  );
}

interface Sums {
  n: number;
  error: number;
  spread: number;
}

function sumsOf(rows: readonly LabelRow[], label: number): Sums {
  const pairs = rows.flatMap(({ truth, predicted }) => {
    const value = truth[label] ?? null;
    return value === null ? [] : [{ value, error: value - (predicted[label] ?? Number.NaN) }];
  });
  const mean = total(pairs.map(({ value }) => value)) / pairs.length;
  return {
    n: pairs.length,
    error: total(pairs.map(({ error }) => error ** 2)),
    spread: total(pairs.map(({ value }) => (value - mean) ** 2)),
  };
}

const scoreOf = ({ n, error, spread }: Sums): LabelScore => ({
  n,
  r2: spread > 0 ? 1 - error / spread : null,
  mse: n > 0 ? error / n : null,
});

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
