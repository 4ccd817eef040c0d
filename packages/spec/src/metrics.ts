/** train: the training trials; val: held out during training; test: held out altogether. */
export const SPLITS = ['train', 'val', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** A metric's full name is `<split>.<name>`, as `val.label_mse`. */
export type MetricName = `${Split}.${string}`;
export type Direction = 'min' | 'max';

/** A run's final numbers by full metric name. Values may be NaN. */
export type Summary = Record<string, number>;

export function metricName(split: Split, name: string): MetricName {
  return `${split}.${name}`;
}

/** Splits `val.label_mse` into its parts; null when it is not of that form. */
export function parseMetricName(full: string): { split: Split; name: string } | null {
  const dot = full.indexOf('.');
  const split = SPLITS.find((s) => s === full.slice(0, dot));
  const name = full.slice(dot + 1);
  return split !== undefined && /^[a-z][a-z0-9_]*$/.test(name) ? { split, name } : null;
}

/** One number that a trainer reports. `step` counts optimiser updates since the run began. */
export interface MetricPoint {
  epoch: number;
  step: number;
  split: Split;
  name: string;
  value: number;
}
