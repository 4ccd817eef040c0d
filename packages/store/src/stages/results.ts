import type { FailureClass, RunState, Summary } from '@trawl/spec';
import { isId } from '../ids.js';
import { allMetricNames, cellsOfStage, runsOfCells, runsOfStage, summariesOfStage } from '../sql/stageResults.js';
import { type Queryable, rows } from '../statement.js';
import type { CellOfStage, StageResults } from '../types.js';

interface RunRow {
  id: string;
  cell_id: string;
  seed: number;
  state: RunState;
  failure_class: FailureClass | null;
  failure_message: string | null;
}

interface SummaryRow {
  id: string;
  summary: string;
}

export async function readResults(on: Queryable, stageId: string): Promise<StageResults> {
  if (!isId(stageId)) return { cells: [], runs: [], planned: {} };
  const cells = await rows<CellOfStage>(on, cellsOfStage, [stageId]);
  const found = await rows<RunRow>(on, runsOfStage, [stageId]);
  const summaries = await rows<SummaryRow>(on, summariesOfStage, [stageId]);
  return resultsOf(cells, found, await parsed(on, summaries));
}

/** The same of some of its cells. */
export async function readResultsOf(
  on: Queryable,
  stageId: string,
  cells: readonly CellOfStage[],
): Promise<StageResults> {
  const values = [stageId, cells.map(({ cellId }) => cellId)];
  const found = await rows<RunRow & { summary: string | null }>(on, runsOfCells, values);
  const summaries = found.flatMap(({ id, summary }) => (summary === null ? [] : [{ id, summary }]));
  return resultsOf([...cells], found, await parsed(on, summaries));
}

function resultsOf(
  cells: CellOfStage[],
  found: readonly RunRow[],
  summaries: ReadonlyMap<string, Summary>,
): StageResults {
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

async function parsed(on: Queryable, summaries: readonly SummaryRow[]): Promise<Map<string, Summary>> {
  // Read after the summaries: every name in them is there by now.
  const known = await rows<{ id: number; name: string }>(on, allMetricNames);
  const names = new Map(known.map(({ id, name }) => [String(id), name]));
  return new Map(summaries.map(({ id, summary }) => [id, parse(summary, names)]));
}

function parse(pairs: string, names: ReadonlyMap<string, string>): Summary {
  const summary: Summary = {};
  for (const pair of pairs.split(',')) {
    const colon = pair.indexOf(':');
    summary[names.get(pair.slice(0, colon)) ?? ''] = Number(pair.slice(colon + 1));
  }
  return summary;
}
