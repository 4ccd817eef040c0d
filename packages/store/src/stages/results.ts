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

/** A run with its summary as SQL writes it. */
export type WholeRun = RunRow & { summary: string | null };

/** The same of some of its cells. */
export async function readResultsOf(
  on: Queryable,
  stageId: string,
  cells: readonly CellOfStage[],
  names: Names,
): Promise<StageResults> {
  const found = await rows<WholeRun>(on, runsOfCells, [stageId, cells.map(({ cellId }) => cellId)]);
  return resultsOfRuns(on, cells, found, names);
}

/** The same of runs that are read already. */
export async function resultsOfRuns(
  on: Queryable,
  cells: readonly CellOfStage[],
  found: readonly WholeRun[],
  names: Names,
): Promise<StageResults> {
  const summaries = found.flatMap(({ id, summary }) => (summary === null ? [] : [{ id, summary }]));
  return resultsOf([...cells], found, await parsed(on, summaries, names));
}

/** Metrics' names by id, of one database, for as long as somebody keeps them: they are never deleted. */
export type Names = Map<string, string>;

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

async function parsed(
  on: Queryable,
  summaries: readonly SummaryRow[],
  names: Names = new Map(),
): Promise<Map<string, Summary>> {
  const known = summaries.every(({ summary }) => idsIn(summary).every((id) => names.has(id)));
  if (!known) {
    // Read after the summaries: every name in them is there by now.
    for (const { id, name } of await rows<{ id: number; name: string }>(on, allMetricNames))
      names.set(String(id), name);
  }
  return new Map(summaries.map(({ id, summary }) => [id, parse(summary, names)]));
}

const idsIn = (pairs: string): string[] => pairs.split(',').map((pair) => pair.slice(0, pair.indexOf(':')));

function parse(pairs: string, names: ReadonlyMap<string, string>): Summary {
  const summary: Summary = {};
  for (const pair of pairs.split(',')) {
    const colon = pair.indexOf(':');
    summary[names.get(pair.slice(0, colon)) ?? ''] = Number(pair.slice(colon + 1));
  }
  return summary;
}
