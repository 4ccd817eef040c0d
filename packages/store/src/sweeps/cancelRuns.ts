import type { RunState } from '@trawl/spec';
import { type Batch, batchChange } from '../stateChange.js';
import { rows, type Statement } from '../statement.js';
import type { Tx } from '../transact.js';

/** Cancels many runs of a sweep with one of the statements for it, and has the workers of those that ran hear of it. */
export async function cancelRuns(
  tx: Tx,
  sweepId: string,
  statement: Statement,
  values: readonly unknown[],
): Promise<void> {
  const cancelled = await rows<Batch & { stageId: string; from: RunState }>(tx.client, statement, values);
  for (const { stageId, from, ...batch } of cancelled)
    tx.log(batchChange({ sweepId, stageId, from, to: 'cancelled' }, batch));
  if (cancelled.some(({ from }) => from === 'running')) tx.notify({ kind: 'control', sweepId });
}
