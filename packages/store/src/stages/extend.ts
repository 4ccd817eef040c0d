import type { StagePlan, StageState } from '@trawl/spec';
import { newId } from '../ids.js';
import { cancelRunsOnlyOf } from '../sql/cancelRuns.js';
import { emptyStages, extendStage, insertExtension, pendStages } from '../sql/extendStage.js';
import { changed, row, rows } from '../statement.js';
import { cancelRuns } from '../sweeps/cancelRuns.js';
import { type NamedDataset, storeDatasets } from '../sweeps/datasets.js';
import type { Tx } from '../transact.js';

export interface Extension {
  /** The plan that the stage must have still, and the one that it gets. */
  from: StagePlan;
  to: StagePlan;
  /** How many stages the sweep must have still. */
  stages: number;
  /** Ids of the stages that were built on this one: they open anew when it is decided again. */
  dependents: readonly string[];
  /** All datasets of its cells. */
  variants: readonly NamedDataset[];
  /** What was asked for, for whoever reads later how the sweep came about. */
  body: unknown;
  idempotencyKey?: string | undefined;
}

/** Why a stage was not extended: the key was used before, or somebody changed the sweep meanwhile. */
export type NotExtended = 'key-known' | 'changed';

/** The caller holds the sweep's lock. Nothing is written where the answer is not `extended`. */
export async function extendInto(
  tx: Tx,
  sweepId: string,
  stageId: string,
  extension: Extension,
): Promise<'extended' | NotExtended> {
  const { from, to, stages, dependents, variants } = extension;
  const values = [stageId, JSON.stringify(from), JSON.stringify(to), stages];
  const extended = await row<{ name: string; was: StageState }>(tx.client, extendStage, values);
  if (extended === null) return 'changed';
  await noteAsked(tx, sweepId, stageId, extension);
  await storeDatasets(tx, variants);
  tx.emit(sweepId, 'stage', { stageId, name: extended.name, state: 'pending' }, extended.was);

  await cancelRuns(tx, sweepId, cancelRunsOnlyOf, [dependents]);
  for (const statement of emptyStages) await changed(tx.client, statement, [dependents]);
  type Pended = { id: string; name: string; was: StageState };
  for (const { id, name, was } of await rows<Pended>(tx.client, pendStages, [dependents]))
    tx.emit(sweepId, 'stage', { stageId: id, name, state: 'pending' }, was);
  return 'extended';
}

/** Keeps what was asked for. @throws KeyKnown where that key was used before */
export async function noteAsked(
  tx: Tx,
  sweepId: string,
  stageId: string,
  { body, idempotencyKey }: Pick<Extension, 'body' | 'idempotencyKey'>,
): Promise<void> {
  const asked = [newId(), sweepId, stageId, idempotencyKey ?? null, JSON.stringify(body)];
  if ((await row(tx.client, insertExtension, asked)) === null) throw new KeyKnown();
}

/** Takes the whole transaction back. */
export class KeyKnown extends Error {
  override name = 'KeyKnown';
}
