import { rankCells } from '@trawl/search';
import type { Catalog, ModelCard, RankedCell, SelectRule, StagePlan } from '@trawl/spec';
import type { StageResults } from '@trawl/store';

/** A stage's cells in the order of its own rule. @throws when the catalogue has no such model. */
export function rankStage(plan: StagePlan, rule: SelectRule, results: StageResults, catalog: Catalog): RankedCell[] {
  const { metric, direction, aggregate, minActive, allowPartial, where } = rule;
  return rankCells({
    card: cardOf(plan, catalog),
    cells: results.cells,
    runs: results.runs,
    planned: results.planned,
    metric,
    direction,
    aggregate,
    minActive,
    allowPartial,
    where,
  });
}

function cardOf(plan: StagePlan, catalog: Catalog): ModelCard {
  const card = catalog.get(plan.model);
  if (card === undefined) throw new Error(`model ${plan.model} is not in this service's catalogue`);
  return card;
}
