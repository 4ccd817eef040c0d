import type { RunDetail, SweepDetail } from '@trawl/spec';
import type { StageRow } from '@trawl/store';
import { ProblemError } from '../../problems.js';
import { criterion } from '../criterion.js';
import type { Services } from '../services.js';
import { searchesOf, stageNamed, stagesOf } from '../stages.js';
import { sweepDetail } from '../sweeps.js';
import type { StageData } from './cells.js';

export interface SweepSubject {
  sweep: SweepDetail;
  stages: StageRow[];
  services: Services;
}

export interface RunSubject {
  run: RunDetail;
  services: Services;
}

export async function sweepSubject(id: string, services: Services): Promise<SweepSubject> {
  const stages = await stagesOf(id, services);
  return { sweep: await sweepDetail(id, services), stages, services };
}

export async function stageData(stage: StageRow, { stages, services }: SweepSubject): Promise<StageData> {
  const results = await services.store.stages.results(stage.id);
  return { stage, results, criterion: criterion(stage, stages, {}, services) };
}

/**
 * The stage that is asked for, else the last search with a finished run.
 * @throws ProblemError 404 for an unknown name, 409 where no run has finished
 */
export async function stageWithRuns(name: string | undefined, subject: SweepSubject): Promise<StageData> {
  const { stages } = subject;
  const candidates = name === undefined ? searchesOf(stages).toReversed() : [stageNamed(name, stages)];
  let seen: StageData | null = null;
  for (const stage of candidates) {
    if (stage.state === 'pending') continue;
    const data = await stageData(stage, subject);
    if (hasSucceeded(data)) return data;
    seen ??= data;
  }
  throw nothingYet(seen?.stage ?? candidates[0], seen);
}

export const hasSucceeded = ({ results }: StageData): boolean =>
  results.runs.some(({ state }) => state === 'succeeded');

function nothingYet(stage: StageRow | undefined, data: StageData | null): ProblemError {
  const runs = data?.results.runs ?? [];
  const failed = runs.filter(({ state }) => state === 'failed').length;
  const words =
    runs.length === 0
      ? 'has no runs yet'
      : `has ${runs.length} runs, none of them succeeded${failed > 0 ? `, ${failed} failed` : ''}`;
  return new ProblemError(
    'conflict',
    `There is nothing to draw: stage ${stage?.name ?? '?'} is ${stage?.state ?? '?'} and ${words}.`,
  );
}
