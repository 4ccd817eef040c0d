import type { RankedCell, SelectRule } from '@trawl/spec';

export type Selection = { cellId: string; why: string } | { cellId: null; why: string };

/** Names a stage's best cell by its rule, or says why a person must. `axes` are the varied keys in order. */
export function selectCell(rule: SelectRule, ranked: readonly RankedCell[], axes: readonly string[]): Selection {
  throw new Error(`not built: ${rule.rule} ${ranked.length} ${axes.length}`);
}

/** Ids of the cells that a refit runs again: the selected one, then the best ranked others; `top` in all. */
export function refitCells(ranked: readonly RankedCell[], selected: string, top: number): string[] {
  throw new Error(`not built: ${ranked.length} ${selected} ${top}`);
}
