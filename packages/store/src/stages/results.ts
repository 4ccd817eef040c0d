import type { FailureClass, RunState, Summary } from '@trawl/spec';
import { isId } from '../ids.js';
import { allMetricNames, cellsOfStage, runsOfStage, summariesOfStage } from '../sql/stageResults.js';
import { type Queryable, rows } from '../statement.js';
import type { StageResults } from '../types.js';

interface RunRow {
  id: string;
  cell_id: string;
  seed: number;
  state: RunState;
  failure_class: FailureClass | null;
  failure_message: string | null;
}

export async function readResults(on: Queryable, stageId: string): Promise<StageResults> {
  if (!isId(stageId)) return { cells: [], runs: [], planned: {} };
  const cells = await rows<StageResults['cells'][number]>(on, cellsOfStage, [stageId]);
  const found = await rows<RunRow>(on, runsOfStage, [stageId]);
  const summaries = await readSummaries(on, stageId);
  const planned: Record<string, number[]> = Object.fromEntries(cells.map((cell) => [cell.cellId, []]));
  for (const run of found) planned[run.cell_id]?.push(run.seed);
  const runs = found.map((run) => ({
    runId: run.id,
    cellId: run.cell_id,
    seed: run.seed,
    state: run.state,
    failureClass: run.failure_class,
    failureMessage: run.failure_message,
    summary: summaries.get(run.id) ?? {},
  }));
  return { cells, runs, planned };
}

async function readSummaries(on: Queryable, stageId: string): Promise<Map<string, Summary>> {
  const found = await rows<{ id: string; summary: string }>(on, summariesOfStage, [stageId]);
  // Read after the summaries: every name in them is there by now.
  const known = await rows<{ id: number; name: string }>(on, allMetricNames);
  const names = new Map(known.map(({ id, name }) => [String(id), name]));
  return new Map(found.map(({ id, summary }) => [id, parse(summary, names)]));
}

function parse(pairs: string, names: ReadonlyMap<string, string>): Summary {
  const summary: Summary = {};
  for (const pair of pairs.split(',')) {
    const colon = pair.indexOf(':');
    summary[names.get(pair.slice(0, colon)) ?? ''] = Number(pair.slice(colon + 1));
  }
  return summary;
}
