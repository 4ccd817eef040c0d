import { isFinished, nextRunState, type RunState, type StageState, type SweepState } from '@trawl/spec';
import type { Runs } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import { cancelRun, lockRun, pauseRun, reopenStagesOfRun, retryRun } from '../sql/controlRun.js';
import { endAttempt } from '../sql/leaveRunning.js';
import { lockSweepOfRun } from '../sql/lockSweep.js';
import { setSweepState } from '../sql/sweepState.js';
import { changed, row, rows } from '../statement.js';
import { transact } from '../transact.js';

interface RunRow {
  id: string;
  state: RunState;
  fence: number;
  paused: boolean;
}

interface Controlled {
  fence: number;
  stage_id: string;
}

export function controls({ pool }: Db): Pick<Runs, 'cancel' | 'pause' | 'resume' | 'retry'> {
  /** Holds a run that waits or runs back, or lets it go on. */
  const setPaused = async (runId: string, paused: boolean): Promise<RunState | null> => {
    if (!isId(runId)) return null;
    return transact(pool, async (tx) => {
      const sweep = await row<{ id: string }>(tx.client, lockSweepOfRun, [runId]);
      const run = await row<RunRow>(tx.client, lockRun, [runId]);
      if (sweep === null || run === null || isFinished(run.state) || run.paused === paused) return null;
      await changed(tx.client, pauseRun, [runId, paused]);
      tx.emit(sweep.id, 'run', { runId, state: run.state, fence: run.fence, paused });
      if (run.state === 'running' && paused) tx.notify({ kind: 'control', sweepId: sweep.id, runId });
      return run.state;
    });
  };

  return {
    cancel: async (runId) => {
      if (!isId(runId)) return null;
      return transact(pool, async (tx) => {
        const sweep = await row<{ id: string }>(tx.client, lockSweepOfRun, [runId]);
        const run = await row<RunRow>(tx.client, lockRun, [runId]);
        if (sweep === null || run === null) return null;
        const next = nextRunState(run.state, { kind: 'cancelled' });
        if (next === null) return null;
        const cancelled = await row<Controlled>(tx.client, cancelRun, [runId]);
        tx.emit(sweep.id, 'run', { runId, state: next, fence: cancelled?.fence }, run.state, cancelled?.stage_id);
        if (run.state === 'running') {
          await changed(tx.client, endAttempt, [runId, run.fence, 'cancelled', null]);
          tx.notify({ kind: 'control', sweepId: sweep.id, runId });
        }
        return next;
      });
    },

    pause: (runId) => setPaused(runId, true),
    resume: (runId) => setPaused(runId, false),

    retry: async (runId) => {
      if (!isId(runId)) return null;
      return transact(pool, async (tx) => {
        const sweep = await row<{ id: string; state: SweepState }>(tx.client, lockSweepOfRun, [runId]);
        const run = await row<RunRow>(tx.client, lockRun, [runId]);
        if (sweep === null || run === null || sweep.state === 'cancelled') return null;
        const next = nextRunState(run.state, { kind: 'retried' });
        if (next === null) return null;
        const retried = await row<Controlled>(tx.client, retryRun, [runId]);
        tx.emit(sweep.id, 'run', { runId, state: next, fence: retried?.fence }, run.state, retried?.stage_id);
        const reopened = await rows<{ id: string; name: string; was: StageState }>(tx.client, reopenStagesOfRun, [
          runId,
        ]);
        for (const stage of reopened) {
          tx.emit(sweep.id, 'stage', { stageId: stage.id, name: stage.name, state: 'running' }, stage.was);
        }
        const finished = sweep.state === 'succeeded' || sweep.state === 'failed';
        if (finished || (sweep.state === 'awaiting_review' && reopened.length > 0)) {
          await changed(tx.client, setSweepState, [sweep.id, 'running']);
          tx.emit(sweep.id, 'sweep', { state: 'running' }, sweep.state);
        }
        return next;
      });
    },
  };
}
