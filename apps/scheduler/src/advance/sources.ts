import { inheritsFrom, refitsOf } from '@trawl/search';
import type { StageResults, StageRow } from '@trawl/store';

/** The earlier stages that a stage starts from. */
export interface Sources {
  /** Where a search inherits its params from; the search that a refit runs again. */
  base: StageRow | null;
  /** Whose runs leave the weights that its runs start from. */
  weights: { stage: StageRow; match: 'selected' | 'cell' } | null;
}

/** A finished stage with what came of it. */
export interface Earlier {
  stage: StageRow;
  results: StageResults;
}

/** `stages` are all of the sweep, by ordinal. */
export function sourcesOf(stage: StageRow, stages: readonly StageRow[]): Sources {
  const plans = stages.map((each) => each.plan);
  const named = (name: string | undefined) => stages.find((each) => each.name === name) ?? null;
  const refit = stage.plan.kind === 'refit';
  const base = named((refit ? refitsOf(plans, stage.ordinal) : inheritsFrom(plans, stage.ordinal))?.name);
  // A refit starts from the same weights as the runs that it repeats.
  const from = refit ? base?.plan.from : stage.plan.from;
  const parent = named(from?.stage);
  return { base, weights: from && parent ? { stage: parent, match: from.match } : null };
}

/** @throws when the stage selected nothing. */
export function selectedCell({ stage, results }: Earlier): StageResults['cells'][number] {
  const cell = results.cells.find(({ cellId }) => cellId === stage.selectedCellId);
  if (cell === undefined) throw new Error(`stage ${stage.name}, from which this one starts, selected no cell`);
  return cell;
}
