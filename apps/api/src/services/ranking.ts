import { rankBy, rankCells } from '@trawl/search';
import type { Direction, RankedCell, Ranking } from '@trawl/spec';
import type { StageRow } from '@trawl/store';
import { parameterProblem } from '../problems.js';
import { criterion, type Criterion } from './criterion.js';
import { rankedCells, rankInput } from './ranked.js';
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

type Question = Omit<RankingQuery, 'limit' | 'offset'>;

/** The cells of a stage in order, or for each value of a parameter the best one. */
export async function ranking(
  sweepId: string,
  { limit, offset, ...query }: RankingQuery,
  services: Services,
): Promise<Ranking> {
  const question = await ask(sweepId, query, services);
  const { stage, standard } = question;
  const of = (cells: RankedCell[]): Ranking => ({
    sweepId,
    stage: stage.name,
    metric: standard.metric,
    direction: standard.direction,
    aggregate: standard.select?.aggregate ?? 'mean',
    by: query.by,
    cells,
  });
  if (limit !== undefined) {
    const axis = query.by === 'cell' ? undefined : query.by;
    return of((await rankedCells(stage, standard, { offset, limit, axis }, services)).ranked);
  }
  const cells = await services.rankings.of(sweepId, query, () => all(question, query.by, services));
  return of(cells.slice(offset));
}

interface Asked {
  stage: StageRow;
  standard: Criterion;
}

async function ask(sweepId: string, query: Question, services: Services): Promise<Asked> {
  const stages = await stagesOf(sweepId, services);
  const stage = query.stage === undefined ? newestSearch(stages) : stageNamed(query.stage, stages);
  const found = criterion(stage, stages, query, services);
  if (query.by !== 'cell' && !found.axes.includes(query.by)) {
    throw parameterProblem('by', `stage ${stage.name} does not vary it`, query.by, ['cell', ...found.axes].join(', '));
  }
  return { stage, standard: found };
}

/** Works all out from the stage's runs. */
async function all({ stage, standard }: Asked, by: string, { store }: Services): Promise<RankedCell[]> {
  const ranked = rankCells(rankInput(standard, await store.stages.results(stage.id)));
  return by === 'cell' ? ranked : rankBy(ranked, by);
}
