import { notInstalled } from '@trawl/search';
import type { StageRow } from '@trawl/store';
import { found, ProblemError } from '../problems.js';
import type { Services } from './services.js';

/** @throws ProblemError 404 for an unknown sweep. */
export async function stagesOf(sweepId: string, { store }: Services): Promise<StageRow[]> {
  const stages = await store.stages.list(sweepId);
  // Every sweep has a stage: none means that there is no such sweep.
  found(stages[0], 'sweep', sweepId);
  return stages;
}

/** @throws ProblemError 404 listing the names that there are. */
export function stageNamed(name: string, stages: readonly StageRow[]): StageRow {
  const stage = stages.find((each) => each.name === name);
  if (stage) return stage;
  throw new ProblemError('not-found', `The sweep has no stage ${name}; stages are ${namesOf(stages)}.`);
}

/** A search stage itself; of a refit the search before it, whose cells it runs again. */
export function searchOf(stage: StageRow, stages: readonly StageRow[]): StageRow {
  const search = stages.findLast((each) => each.plan.kind === 'search' && each.ordinal <= stage.ordinal);
  if (!search) throw new Error(`no search stands before refit ${stage.name}`);
  return search;
}

export const searchesOf = (stages: readonly StageRow[]): StageRow[] =>
  stages.filter((stage) => stage.plan.kind === 'search');

/** The last search that has begun; the first where none has. */
export function newestSearch(stages: readonly StageRow[]): StageRow {
  const searches = searchesOf(stages);
  const stage = searches.findLast((each) => each.state !== 'pending') ?? searches[0];
  if (!stage) throw new Error('a sweep without a search');
  return stage;
}

export const namesOf = (stages: readonly StageRow[]): string => stages.map((stage) => stage.name).join(', ');

/** @throws ProblemError 409 for what was made for another version of its model: `what` names it. */
export function requireInstalled(
  what: string,
  made: { model: string; modelVersion: string },
  { catalog }: Services,
): void {
  const outdated = notInstalled(what, made, catalog);
  if (outdated !== null) throw new ProblemError('conflict', `No more can be run: ${outdated}.`);
}
