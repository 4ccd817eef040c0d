import { axesOf, rankableMetric, rankableMetrics } from '@trawl/search';
import type { Direction, ModelCard, SelectRule } from '@trawl/spec';
import type { StageRow } from '@trawl/store';
import { parameterProblem, ProblemError } from '../problems.js';
import type { Services } from './services.js';
import { searchOf } from './stages.js';

/** By what the cells of a stage are compared. */
export interface Criterion {
  card: ModelCard;
  metric: string;
  direction: Direction;
  /** The rule of the search that the stage is, or belongs to. */
  select: SelectRule | null;
  axes: string[];
}

/** The stage's own rule where the query says nothing else. */
export function criterion(
  stage: StageRow,
  stages: readonly StageRow[],
  query: { metric?: string | undefined; direction?: Direction | undefined },
  { catalog }: Services,
): Criterion {
  const card = catalog.get(stage.plan.model);
  if (!card) throw new ProblemError('conflict', `This build has no model ${stage.plan.model} any more.`);
  const search = searchOf(stage, stages);
  const select = search.plan.select;
  const metric = query.metric ?? select?.metric ?? card.defaultSelection.metric;
  const own = metric === select?.metric ? select.direction : directionOf(metric, card);
  const direction = query.direction ?? own;
  if (direction === null) {
    throw parameterProblem('direction', `${metric} has no better side of its own`, undefined, 'min, max');
  }
  return { card, metric, direction, select, axes: axesOf(search.plan.space) };
}

/** @throws ProblemError 400 listing the metrics that can rank. */
function directionOf(full: string, card: ModelCard): Direction | null {
  const metric = rankableMetric(card, full);
  if (metric) return metric.direction;
  const allowed = rankableMetrics(card).join(', ');
  throw parameterProblem('metric', `model ${card.name} has no such metric in its summary`, full, allowed);
}
