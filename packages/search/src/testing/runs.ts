import type { Params, RunState, Summary } from '@trawl/spec';
import type { RankableRun } from '../metricValue.js';
import type { RankableCell, RankInput } from '../rank.js';
import { fakeCard } from './fakeCard.js';

/** What became of one seed: a value of the metric, a whole summary, or why there is none. */
export type Outcome = number | Summary | 'diverged' | 'crashed' | 'cancelled' | 'running' | 'queued' | 'none';

/** Cells over points with outcomes of seeds 1, 2, ...; the id of a cell is its place as a letter. */
export function rankInput(
  rows: readonly (readonly [point: Params, outcomes: readonly Outcome[]])[],
  part: Partial<RankInput> = {},
): RankInput {
  const metric = part.metric ?? 'val.mse';
  const cells: RankableCell[] = rows.map(([point], i) => ({
    cellId: idOf(i),
    point,
    params: { latents: 4, ...point },
  }));
  const runs = rows.flatMap(([, outcomes], i) =>
    outcomes.flatMap((outcome, seed) => (outcome === 'none' ? [] : [runOf(idOf(i), seed + 1, outcome, metric)])),
  );
  const planned = Object.fromEntries(rows.map(([, outcomes], i) => [idOf(i), outcomes.map((_, seed) => seed + 1)]));
  return {
    card: fakeCard,
    cells,
    runs,
    planned,
    metric,
    direction: 'min',
    aggregate: 'mean',
    allowPartial: false,
    where: [],
    ...part,
  };
}

export const idOf = (i: number): string => String.fromCharCode(97 + i);

export function runOf(
  cellId: string,
  seed: number,
  outcome: Exclude<Outcome, 'none'>,
  metric = 'val.mse',
): RankableRun {
  const base = { runId: `${cellId}${seed}`, cellId, seed, failureClass: null, failureMessage: null, summary: {} };
  if (typeof outcome === 'number') return { ...base, state: 'succeeded', summary: { [metric]: outcome } };
  if (typeof outcome === 'object') return { ...base, state: 'succeeded', summary: outcome };
  if (outcome === 'diverged')
    return { ...base, state: 'failed', failureClass: 'diverged', failureMessage: 'loss is NaN' };
  if (outcome === 'crashed') return { ...base, state: 'failed', failureClass: 'crashed' };
  const state: RunState = outcome;
  return { ...base, state };
}
