import { bestOf } from '@trawl/search';
import type { Best, Direction } from '@trawl/spec';
import type { StageRow } from '@trawl/store';
import { parameterProblem, ProblemError } from '../problems.js';
import { criterion } from './criterion.js';
import { rankedCells } from './ranked.js';
import type { Services } from './services.js';
import { namesOf, searchesOf, searchOf, stageNamed, stagesOf } from './stages.js';

export interface BestQuery {
  stage?: string | undefined;
  metric?: string | undefined;
  direction?: Direction | undefined;
}

/** The cell that a search selected, how sure that is, and what its refits say. */
export async function best(sweepId: string, query: BestQuery, services: Services): Promise<Best> {
  const stages = await stagesOf(sweepId, services);
  const stage = query.stage === undefined ? lastDecided(stages) : searchNamed(query.stage, stages);
  const asked = criterion(stage, stages, query, services);
  const { state, selectedCellId: cellId, why } = stage;
  if (state !== 'done' || cellId === null) {
    throw new ProblemError('conflict', `Stage ${stage.name} is ${state}: it has no selected cell yet.`);
  }
  const refits = await refitRuns(stage, stages, services);
  // The runner-up is the best other cell, of those that were refitted if there are any.
  const cells = [cellId, ...new Set(refits.map((run) => run.cellId))];
  return bestOf({
    ...(await rankedCells(stage, asked, { limit: 2, cells }, services)),
    sweepId,
    card: asked.card,
    stages: stages.map((each) => each.plan),
    stage: stage.plan,
    selected: { cellId, why: why ?? '' },
    refits,
    metric: asked.metric,
    direction: asked.direction,
  });
}

async function refitRuns(search: StageRow, stages: readonly StageRow[], { store }: Services) {
  const refits = stages.filter((each) => each.plan.kind === 'refit' && searchOf(each, stages) === search);
  const results = await Promise.all(refits.map((each) => store.stages.results(each.id)));
  return results.flatMap((each) => each.runs);
}

function lastDecided(stages: readonly StageRow[]): StageRow {
  const searches = searchesOf(stages);
  const stage = searches.findLast((each) => each.state === 'done') ?? searches[0];
  if (!stage) throw new Error('a sweep without a search');
  return stage;
}

function searchNamed(name: string, stages: readonly StageRow[]): StageRow {
  const stage = stageNamed(name, stages);
  if (stage.plan.kind === 'search') return stage;
  throw parameterProblem('stage', 'a refit selects nothing', name, namesOf(searchesOf(stages)));
}
