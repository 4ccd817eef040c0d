import type { SeedCell, SeedValue } from '@trawl/figures/renderer';
import { count } from '@trawl/figures/renderer';
import { rankableMetric, rankCells } from '@trawl/search';
import {
  isFinished,
  type MetricCard,
  type ModelCard,
  type Params,
  parseMetricName,
  type RankedCell,
} from '@trawl/spec';
import type { StageResults, StageRow } from '@trawl/store';
import type { Criterion } from '../criterion.js';

/** A stage with what its runs said. */
export interface StageData {
  stage: StageRow;
  results: StageResults;
  criterion: Criterion;
}

/** Cells of a stage by a metric, best first, with what each seed said. */
export function rankedBy({ results, criterion }: StageData, metric: string): RankedCell[] {
  const { card, select, direction } = criterion;
  return rankCells({
    card,
    cells: results.cells,
    runs: results.runs,
    planned: results.planned,
    metric,
    direction: rankableMetric(card, metric)?.direction ?? direction,
    aggregate: select?.aggregate ?? 'mean',
    minActive: select?.minActive,
    allowPartial: select?.allowPartial ?? false,
    where: [],
  });
}

/** As it is plotted: the mean runs over the seeds that count, the others are marked. */
export function plotted(
  { score, seeds }: RankedCell,
  { results }: StageData,
): Pick<SeedCell, 'seeds' | 'mean' | 'interval'> {
  const failures = new Map(results.runs.map((run) => [run.runId, run.failureClass]));
  return {
    seeds: seeds.map(({ seed, runId, state, value, why }): SeedValue => {
      const diverged = failures.get(runId) === 'diverged';
      return {
        seed,
        value: value === null ? null : Number(value),
        state:
          why === null
            ? 'counts'
            : state === 'succeeded' || diverged
              ? 'ineligible'
              : isFinished(state)
                ? 'failed'
                : 'unfinished',
      };
    }),
    mean: score.mean === null ? null : Number(score.mean),
    interval: score.interval === null ? null : [Number(score.interval[0]), Number(score.interval[1])],
  };
}

/** The card behind a full name, in the summary or among the curves. */
export function metricCard(card: ModelCard, full: string): MetricCard | undefined {
  const parsed = parseMetricName(full);
  return card.metrics.find(({ name, splits }) => name === parsed?.name && splits.includes(parsed.split));
}

/** `24 runs of 8 cells, 3 seeds a cell · 2 failed`. */
export function countWords({ results }: Pick<StageData, 'results'>): string {
  const { cells, runs } = results;
  const seeds = cells.map(({ cellId }) => runs.filter((run) => run.cellId === cellId).length);
  const [fewest, most] = [Math.min(...seeds), Math.max(...seeds)];
  const each = fewest === most ? count(most, 'seed') : `${fewest} to ${count(most, 'seed')}`;
  const failed = runs.filter(({ state }) => state === 'failed').length;
  const open = runs.filter(({ state }) => !isFinished(state)).length;
  return [
    `${count(runs.length, 'run')} of ${count(cells.length, 'cell')}, ${each} a cell`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(open > 0 ? [`${open} not finished`] : []),
  ].join(' · ');
}

/** Whether two points say the same of each of the keys. */
export const agree = (a: Params, b: Params, keys: readonly string[]): boolean =>
  keys.every((key) => JSON.stringify(a[key]) === JSON.stringify(b[key]));
