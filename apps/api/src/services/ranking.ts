import { rankBy, rankCells } from '@trawl/search';
import type { Direction, Ranking } from '@trawl/spec';
import { parameterProblem } from '../problems.js';
import { criterion } from './criterion.js';
import type { Services } from './services.js';
import { newestSearch, stageNamed, stagesOf } from './stages.js';

export interface RankingQuery {
  stage?: string | undefined;
  metric?: string | undefined;
  direction?: Direction | undefined;
  by: string;
  /** Cells of the answer; absent: all. */
  limit?: number | undefined;
  offset: number;
}

/** The cells of a stage in order, or for each value of a parameter the best one. */
export async function ranking(
  sweepId: string,
  { limit, offset, ...query }: RankingQuery,
  services: Services,
): Promise<Ranking> {
  const whole = await services.rankings.of(sweepId, query, () => rank(sweepId, query, services));
  return { ...whole, cells: whole.cells.slice(offset, limit === undefined ? undefined : offset + limit) };
}

async function rank(
  sweepId: string,
  query: Omit<RankingQuery, 'limit' | 'offset'>,
  services: Services,
): Promise<Ranking> {
  const stages = await stagesOf(sweepId, services);
  const stage = query.stage === undefined ? newestSearch(stages) : stageNamed(query.stage, stages);
  const { card, metric, direction, select, axes } = criterion(stage, stages, query, services);
  if (query.by !== 'cell' && !axes.includes(query.by)) {
    throw parameterProblem('by', `stage ${stage.name} does not vary it`, query.by, ['cell', ...axes].join(', '));
  }
  const results = await services.store.stages.results(stage.id);
  const aggregate = select?.aggregate ?? 'mean';
  const ranked = rankCells({
    card,
    cells: results.cells,
    runs: results.runs,
    planned: results.planned,
    metric,
    direction,
    aggregate,
    minActive: select?.minActive,
    allowPartial: select?.allowPartial ?? false,
    where: select?.where ?? [],
  });
  const cells = query.by === 'cell' ? ranked : rankBy(ranked, query.by);
  return { sweepId, stage: stage.name, metric, direction, aggregate, by: query.by, cells };
}
