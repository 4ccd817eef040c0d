import type { Catalog, Cell, Params, Space, StagePlan } from '@trawl/spec';

/** sha256 hex of a cell's identity. `params` are complete, as the card's schema gives them. */
export function cellHash(model: string, modelVersion: string, params: Params): string {
  throw new Error(`not built: ${model} ${modelVersion} ${Object.keys(params).length}`);
}

/** Names of what a space varies, in the order given. */
export function axesOf(space: Space): string[] {
  throw new Error(`not built: ${Object.keys(space).length}`);
}

/** How many cells a space has, without writing them out. */
export function countCells(space: Space): number {
  throw new Error(`not built: ${Object.keys(space).length}`);
}

/**
 * The search stage whose selected cell a stage starts from: the nearest earlier one of the same model. Null: none.
 * Its params are what `expandStage` takes as `inherited`.
 */
export function inheritsFrom(stages: readonly StagePlan[], ordinal: number): StagePlan | null {
  throw new Error(`not built: ${stages.length} ${ordinal}`);
}

/**
 * The cells of a search stage. Params go over one another in this order: the sweep's, `inherited` (the params of the
 * cell that `inheritsFrom(...)` selected, null if there is none), the stage's own, the point's.
 * @throws on a plan that `checkSweep` did not make.
 */
export function expandStage(stage: StagePlan, inherited: Params | null, catalog: Catalog): Cell[] {
  throw new Error(`not built: ${stage.name} ${inherited === null} ${catalog.size}`);
}
