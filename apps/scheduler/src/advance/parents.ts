import { valueAt } from '@trawl/search';
import { canonicalJson, fromWire, type Cell, type Params, type RankedCell, type StagePlan } from '@trawl/spec';
import { pointText } from './missing.js';

/** A finished stage whose runs left what others start from. */
export interface ParentStage {
  plan: StagePlan;
  /** Its cells, best first. */
  ranked: readonly RankedCell[];
  selectedCellId: string | null;
}

/**
 * By cell hash, the run whose weights the cell's runs start from: the best succeeded one of the parent
 * stage's selected cell, or of the cell whose varied parameters agree with this one's.
 * @throws when there is no such run.
 */
export function parentRuns(
  match: 'selected' | 'cell',
  parent: ParentStage,
  cells: readonly Cell[],
): ReadonlyMap<string, string> {
  return new Map(cells.map((cell) => [cell.hash, bestRun(parent, parentCell(match, parent, cell))]));
}

function parentCell(match: 'selected' | 'cell', parent: ParentStage, cell: Cell): RankedCell {
  const found =
    match === 'selected'
      ? parent.ranked.find(({ cellId }) => cellId === parent.selectedCellId)
      : parent.ranked.find(({ point }) => agrees(point, cell));
  if (found !== undefined) return found;
  throw new Error(
    match === 'selected'
      ? `stage ${parent.plan.name} selected no cell whose weights could be taken`
      : `stage ${parent.plan.name} has no cell that agrees with ${pointText(cell.point)}`,
  );
}

/** On the axes of the parent that the cell has too: it may be of another model. */
function agrees(point: Params, cell: Cell): boolean {
  return Object.entries(point).every(([axis, value]) => {
    const own = valueAt(cell, axis);
    return own === undefined || canonicalJson(own) === canonicalJson(value);
  });
}

function bestRun(parent: ParentStage, cell: RankedCell): string {
  const sign = parent.plan.select?.direction === 'max' ? -1 : 1;
  const [best] = cell.seeds
    .filter((seed) => seed.state === 'succeeded')
    .map(({ seed, runId, value }) => ({ seed, runId, cost: value === null ? Number.NaN : sign * fromWire(value) }))
    .sort((a, b) => compareCost(a.cost, b.cost) || a.seed - b.seed);
  if (best !== undefined) return best.runId;
  throw new Error(`cell ${pointText(cell.point)} of stage ${parent.plan.name} has no succeeded run to start from`);
}

/** Lower first, NaN last. */
function compareCost(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : a < b ? -1 : 1;
}
