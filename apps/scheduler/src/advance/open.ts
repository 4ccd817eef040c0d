import { expandStage, notInstalled, refitCells, stageSeeds } from '@trawl/search';
import type { Catalog, Cell, StagePlan } from '@trawl/spec';
import type { Decision } from './decision.js';
import { parentRuns } from './parents.js';
import { rankStage } from './rankStage.js';
import { selectedCell, type Earlier } from './sources.js';

/** All that opening a pending stage depends on. */
export interface Opening {
  plan: StagePlan;
  base: Earlier | null;
  weights: { earlier: Earlier; match: 'selected' | 'cell' } | null;
  /** Of all other stages of the sweep. */
  usedSeeds: readonly number[];
  catalog: Catalog;
}

/** The cells and seeds with which a stage opens, if its model is still the one it was posted for. @throws when what it starts from is not there. */
export function open(opening: Opening): Decision {
  const { plan, catalog } = opening;
  const outdated = notInstalled(`stage ${plan.name}`, plan, catalog);
  if (outdated !== null) return { kind: 'fail', reason: outdated };
  const cells = plan.kind === 'refit' ? refit(opening) : search(opening);
  return { kind: 'open', cells, seeds: stageSeeds(plan, opening.usedSeeds), parents: parents(opening, cells) };
}

function search({ plan, base, catalog }: Opening): Cell[] {
  return expandStage(plan, base === null ? null : selectedCell(base).params, catalog);
}

function refit({ plan, base, catalog }: Opening): Cell[] {
  const rule = base?.stage.plan.select;
  if (!base || !rule || !plan.refit) throw new Error('there is no search stage before it to refit');
  const ranked = rankStage(base.stage.plan, rule, base.results, catalog);
  const chosen = refitCells(ranked, selectedCell(base).cellId, plan.refit.top);
  const found = base.results.cells.filter(({ cellId }) => chosen.includes(cellId));
  return found.flatMap((cell) => expandStage(onlyCell(base.stage.plan, cell), null, catalog));
}

/** The stage with nothing in its space but one of its cells, so that the cell comes out as it was. */
function onlyCell(plan: StagePlan, { params, point }: Earlier['results']['cells'][number]): StagePlan {
  return { ...plan, ownParams: params, space: { grid: {}, zip: {}, cells: [point], exclude: [], random: null } };
}

function parents({ weights, catalog }: Opening, cells: readonly Cell[]): ReadonlyMap<string, string> {
  if (weights === null) return new Map();
  const { plan, selectedCellId, name } = weights.earlier.stage;
  if (plan.select === null) throw new Error(`stage ${name}, whose weights it starts from, selects nothing`);
  const ranked = rankStage(plan, plan.select, weights.earlier.results, catalog);
  return parentRuns(weights.match, { plan, ranked, selectedCellId }, cells);
}
