import { describeCells, sortKeys, tieOrder, type RankInput } from '@trawl/search';
import type { RankedCell } from '@trawl/spec';
import type { CellOfStage, Criterion as Order, StageResults, StageRow } from '@trawl/store';
import type { Criterion } from './criterion.js';
import type { Services } from './services.js';

/** Cells of a stage in the order that the store keeps, with all that is said of them. */
export interface RankedCells {
  cells: readonly CellOfStage[];
  planned: StageResults['planned'];
  ranked: RankedCell[];
}

/** What is `wanted` of a stage's cells by a criterion, best first; the rank of further `cells` is not told (0). Reads no more than that. */
export async function rankedCells(
  stage: StageRow,
  criterion: Criterion,
  wanted: Parameters<Services['store']['stages']['ranked']>[2],
  { store }: Services,
): Promise<RankedCells> {
  const order = orderBy(criterion);
  let results = await store.stages.ranked(stage.id, order, wanted);
  const keys = order.sortKeys(results);
  if (results.standing.some(({ sort }, i) => sort !== keys[i])) {
    // Kept by another build, to which other runs counted.
    await store.stages.forgetOrder(stage.id, order.name);
    results = await store.stages.ranked(stage.id, order, wanted);
  }
  const ranked = describeCells(rankInput(criterion, results)).map((cell, i) => {
    const { sort, at } = results.standing[i] ?? { sort: null, at: null };
    return { ...cell, rank: sort === null ? null : (at ?? 0) };
  });
  return { cells: results.cells, planned: results.planned, ranked };
}

/** How the store keeps it. */
function orderBy(criterion: Criterion): Order {
  const { card, metric, direction, select } = criterion;
  const { aggregate, minActive, allowPartial, where } = select ?? {};
  return {
    name: JSON.stringify([card.name, card.version, metric, direction, aggregate, minActive, allowPartial, where]),
    sortKeys: (results) => sortKeys(rankInput(criterion, results)),
    tieOrder,
  };
}

export function rankInput({ card, metric, direction, select }: Criterion, results: StageResults): RankInput {
  return {
    card,
    cells: results.cells,
    runs: results.runs,
    planned: results.planned,
    metric,
    direction,
    aggregate: select?.aggregate ?? 'mean',
    minActive: select?.minActive,
    allowPartial: select?.allowPartial ?? false,
    where: select?.where ?? [],
  };
}
