import { parseMetricName } from '@trawl/spec';
import type { FailureClass, MetricCard, ModelCard, Params, RunState, Summary } from '@trawl/spec';

/** What ranking needs to know of a run. */
export interface RankableRun {
  runId: string;
  cellId: string;
  seed: number;
  state: RunState;
  failureClass: FailureClass | null;
  failureMessage?: string | null;
  /** Empty until it has succeeded. */
  summary: Summary;
}

/** Full names of all that a model's runs can be ranked by, as `val.label_mse`. */
export function rankableMetrics(card: ModelCard): string[] {
  return card.metrics
    .filter(({ summary }) => summary)
    .flatMap(({ name, splits }) => splits.map((split) => `${split}.${name}`));
}

/** The card of a metric by its full name; null when the model's runs cannot be ranked by it. */
export function rankableMetric(card: ModelCard, full: string): MetricCard | null {
  const parsed = parseMetricName(full);
  if (parsed === null) return null;
  const ofOneLabel = parsed.name.replace(/_[1-9]\d*$/, '');
  return (
    card.metrics.find(
      ({ name, splits, summary, perLabel }) =>
        summary &&
        ((name === parsed.name && splits.includes(parsed.split)) ||
          (name === ofOneLabel && perLabel?.includes(parsed.split) === true)),
    ) ?? null
  );
}

/** How one metric is read from a summary. */
export interface MetricReader {
  card: MetricCard;
  full: string;
  minActive: number | undefined;
}

/** @throws Error where the model's runs cannot be ranked by it: ask `rankableMetric` first. */
export function metricReader(card: ModelCard, full: string, minActive?: number): MetricReader {
  const metric = rankableMetric(card, full);
  if (metric === null) throw new Error(`runs of ${card.name} have no ${full}`);
  return { card: metric, full, minActive };
}

/**
 * What a run says: a value that counts; one that does not, and why (`ineligible`: a result that cannot win);
 * or none (`missing`: it failed or is not finished).
 */
export type Reading =
  | { kind: 'counts'; value: number }
  | { kind: 'ineligible'; value: number | null; why: string }
  | { kind: 'missing'; why: string };

export function readMetric({ card, full, minActive }: MetricReader, run: RankableRun, params: Params): Reading {
  if (run.state === 'succeeded') {
    const options = { minActive };
    const value = card.value?.(run.summary, options) ?? run.summary[full];
    const ineligible = card.ineligible?.(run.summary, params, options) ?? null;
    if (ineligible !== null) return { kind: 'ineligible', value: value ?? null, why: ineligible };
    if (value === undefined) return { kind: 'ineligible', value: null, why: `its summary has no ${full}` };
    if (!Number.isFinite(value)) return { kind: 'ineligible', value, why: `${full} is ${value}` };
    return { kind: 'counts', value };
  }
  if (run.state === 'failed') {
    const message = run.failureMessage ? `: ${run.failureMessage}` : '';
    const why = `${run.failureClass ?? 'failed'}${message}`;
    // A result of these parameters, not an accident of the machine.
    return run.failureClass === 'diverged' ? { kind: 'ineligible', value: null, why } : { kind: 'missing', why };
  }
  return { kind: 'missing', why: run.state };
}
