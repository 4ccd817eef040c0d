import type { Runs } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import { deleteCheckpoint } from '../sql/artifacts.js';
import { describeAttempt } from '../sql/describeAttempt.js';
import { lockHeldRun } from '../sql/leaveRunning.js';
import { reportProgress } from '../sql/reportProgress.js';
import { rewindRun } from '../sql/rewindRun.js';
import { changed, row } from '../statement.js';
import { transact } from '../transact.js';
import type { StoredArtifact } from '../types.js';

/** What a running attempt says of itself. */
export function reports({ pool, unsafe }: Db): Pick<Runs, 'progress' | 'attemptInfo' | 'dropCheckpoint'> {
  const fence = unsafe.noFence !== true;
  const progress = reportProgress({ fence });
  const describe = describeAttempt({ fence });
  const lockHeld = lockHeldRun({ fence });
  return {
    progress: async (runId, runFence, { epoch, epochs, step }) =>
      isId(runId) && (await changed(pool, progress, [runId, runFence, epoch, epochs, step])) > 0,
    attemptInfo: async (runId, runFence, info) =>
      isId(runId) && (await changed(pool, describe, [runId, runFence, JSON.stringify(info)])) > 0,
    dropCheckpoint: async (runId, runFence, artifactId) => {
      if (!isId(runId) || !isId(artifactId)) return null;
      return transact(pool, async (tx) => {
        if ((await row(tx.client, lockHeld, [runId, runFence])) === null) return null;
        await changed(tx.client, deleteCheckpoint, [runId, artifactId]);
        return { checkpoint: await row<StoredArtifact>(tx.client, rewindRun, [runId]) };
      });
    },
  };
}
