import { isSweepFinished, type StageState, type SweepState } from '@trawl/spec';
import type { Sweeps } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import { cancelRunsOfSweep } from '../sql/cancelRuns.js';
import { cancelStagesOfSweep, undispatchSweep } from '../sql/cancelSweep.js';
import { deleteSweep, filesOnlyOfSweep } from '../sql/deleteSweep.js';
import { lockSweep } from '../sql/lockSweep.js';
import { stageAwaiting } from '../sql/stageState.js';
import { setSweepState } from '../sql/sweepState.js';
import { changed, row, rows } from '../statement.js';
import { cancelRuns } from './cancelRuns.js';
import { transact, type Tx } from '../transact.js';

export function sweepControls({ pool }: Db): Pick<Sweeps, 'cancel' | 'pause' | 'resume' | 'delete'> {
  const locked = <T>(id: string, work: (tx: Tx, state: SweepState) => Promise<T | null>): Promise<T | null> => {
    if (!isId(id)) return Promise.resolve(null);
    return transact(pool, async (tx) => {
      const sweep = await row<{ state: SweepState }>(tx.client, lockSweep, [id]);
      return sweep === null ? null : work(tx, sweep.state);
    });
  };

  return {
    cancel: (id) =>
      locked(id, async (tx, state) => {
        if (isSweepFinished(state)) return null;
        await cancelRuns(tx, id, cancelRunsOfSweep, [id]);
        type Cancelled = { id: string; name: string; was: StageState };
        for (const stage of await rows<Cancelled>(tx.client, cancelStagesOfSweep, [id])) {
          tx.emit(id, 'stage', { stageId: stage.id, name: stage.name, state: 'cancelled' }, stage.was);
        }
        return move(tx, id, state, 'cancelled');
      }),

    pause: (id) =>
      locked(id, async (tx, state) => {
        if (state !== 'running') return null;
        await changed(tx.client, undispatchSweep, [id]);
        tx.notify({ kind: 'control', sweepId: id });
        return move(tx, id, state, 'paused');
      }),

    resume: (id) =>
      locked(id, async (tx, state) => {
        if (state !== 'paused') return null;
        // A dispatcher that had read the sweep as running may have marked some after the pause.
        await changed(tx.client, undispatchSweep, [id]);
        const awaiting = await row(tx.client, stageAwaiting, [id]);
        return move(tx, id, state, awaiting === null ? 'running' : 'awaiting_review');
      }),

    delete: (id) =>
      locked(id, async (tx, state) => {
        const files = await rows<{ sha256: string }>(tx.client, filesOnlyOfSweep, [id]);
        for (const statement of deleteSweep) await changed(tx.client, statement, [id]);
        tx.log({ what: 'sweep', sweepId: id, from: state, to: 'deleted' });
        tx.notify({ kind: 'sweep', sweepId: id });
        tx.notify({ kind: 'control', sweepId: id });
        return files.map((file) => file.sha256);
      }),
  };
}

async function move(tx: Tx, id: string, from: SweepState, state: SweepState): Promise<SweepState> {
  await changed(tx.client, setSweepState, [id, state]);
  tx.emit(id, 'sweep', { state }, from);
  return state;
}
