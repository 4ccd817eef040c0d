import { bestOf } from '@trawl/search';
import type { Best, Direction } from '@trawl/spec';
import type { StageRow } from '@trawl/store';
import { parameterProblem, ProblemError } from '../problems.js';
import { criterion } from './criterion.js';
import type { Services } from './services.js';
import { namesOf, searchesOf, searchOf, stageNamed, stagesOf } from './stages.js';
import { sweepDetail } from './sweeps.js';

export interface BestQuery {
  stage?: string | undefined;
  metric?: string | undefined;
  direction?: Direction | undefined;
}

/** The cell that a search selected, how sure that is, and what its refits say. */
export const best = (sweepId: string, query: BestQuery, services: Services): Promise<Best> =>
  services.bests.of(sweepId, query, () => workOut(sweepId, query, services));

async function workOut(sweepId: string, query: BestQuery, services: Services): Promise<Best> {
  const stages = await stagesOf(sweepId, services);
  const stage = query.stage === undefined ? lastDecided(stages) : searchNamed(query.stage, stages);
  const { card, metric, direction } = criterion(stage, stages, query, services);
  const { selected } = (await sweepDetail(sweepId, services)).stages.find((each) => each.name === stage.name) ?? {};
  if (stage.state !== 'done' || !selected) {
    throw new ProblemError('conflict', `Stage ${stage.name} is ${stage.state}: it has no selected cell yet.`);
  }
  const results = await services.store.stages.results(stage.id);
  return bestOf({
    sweepId,
    card,
    stages: stages.map((each) => each.plan),
    stage: stage.plan,
    cells: results.cells,
    runs: results.runs,
    planned: results.planned,
    selected,
    refits: await refitRuns(stage, stages, services),
    metric,
    direction,
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
