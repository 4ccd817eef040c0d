import { type FailureClass, nextRunState, type RunEvent, type RunState } from '@trawl/spec';
import type { Runs } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import { expiredRuns } from '../sql/expiredRuns.js';
import { endAttempt, leaveRunning, lockExpiredRun, lockHeldRun } from '../sql/leaveRunning.js';
import { lockSweepOfRun } from '../sql/lockSweep.js';
import { rewindRun } from '../sql/rewindRun.js';
import { changed, row, rows } from '../statement.js';
import { transact, type Tx } from '../transact.js';
import type { AttemptEnd } from '../types.js';

interface HeldRow {
  state: RunState;
  failures: number;
  max_failures: number;
}

/** What becomes of a run that its owner, or the reaper in the owner's place, gives up. */
interface Ending {
  event: (held: HeldRow) => RunEvent;
  end: AttemptEnd;
  failure: FailureClass | null;
  message: string | null;
}

const MESSAGE_CHARACTERS = 10_000;

/** Postgres has no NUL in text. */
const storable = (message: string): string => message.replaceAll('\0', '').slice(0, MESSAGE_CHARACTERS);

export function endings({ pool, unsafe }: Db): Pick<Runs, 'release' | 'fail' | 'reap'> {
  const fence = unsafe.noFence !== true;
  const lockHeld = lockHeldRun({ fence });
  const leave = leaveRunning({ fence });

  /** The run's next state, or null when `held` says that it is not this fence's any more. */
  const finish = async (
    tx: Tx,
    sweepId: string,
    runId: string,
    runFence: number,
    held: HeldRow | null,
    ending: Ending,
  ): Promise<RunState | null> => {
    // Without the fence a stale owner's state is whatever somebody else made of the run.
    const next = held === null ? null : nextRunState(fence ? held.state : 'running', ending.event(held));
    if (held === null || next === null) return null;
    const failures = held.failures + (ending.failure === null ? 0 : 1);
    const left = await row<{ fence: number; stage_id: string }>(tx.client, leave, [
      runId,
      runFence,
      next,
      failures,
      ending.failure,
      ending.message,
    ]);
    if (left === null) return null;
    await changed(tx.client, endAttempt, [runId, runFence, ending.end, ending.message]);
    if (next === 'queued') await rows(tx.client, rewindRun, [runId]);
    const why = ending.failure === null ? { end: ending.end } : { failureClass: ending.failure, failures };
    tx.emit(sweepId, 'run', { runId, state: next, fence: left.fence, ...why }, 'running', left.stage_id);
    return next;
  };

  const byOwner = async (runId: string, runFence: number, ending: Ending): Promise<RunState | null> => {
    if (!isId(runId)) return null;
    return transact(pool, async (tx) => {
      const sweep = await row<{ id: string }>(tx.client, lockSweepOfRun, [runId]);
      if (sweep === null) return null;
      const held = await row<HeldRow>(tx.client, lockHeld, [runId, runFence]);
      return finish(tx, sweep.id, runId, runFence, held, ending);
    });
  };

  return {
    release: async (runId, runFence, reason) => {
      const ending: Ending = { event: () => ({ kind: 'released', reason }), end: reason, failure: null, message: null };
      return (await byOwner(runId, runFence, ending)) !== null;
    },

    fail: async (runId, runFence, failure, message) => {
      const state = await byOwner(runId, runFence, failed(failure, message));
      return state === 'queued' || state === 'failed' ? state : null;
    },

    reap: async () => {
      if (unsafe.noReaper === true) return [];
      const reaped: { runId: string; state: RunState }[] = [];
      for (const run of await rows<{ id: string; fence: number }>(pool, expiredRuns)) {
        const state = await transact(pool, async (tx) => {
          const sweep = await row<{ id: string }>(tx.client, lockSweepOfRun, [run.id]);
          if (sweep === null) return null;
          const held = await row<HeldRow & { host: string; pid: number }>(tx.client, lockExpiredRun, [
            run.id,
            run.fence,
          ]);
          const owner = held === null ? '' : `${held.host}:${held.pid}`;
          const ending = failed('lost', `worker ${owner} stopped renewing its lease`);
          return finish(tx, sweep.id, run.id, run.fence, held, ending);
        });
        if (state !== null) reaped.push({ runId: run.id, state });
      }
      return reaped;
    },
  };
}

function failed(failure: FailureClass, message: string): Ending {
  return {
    event: (held) => ({ kind: 'failed', failure, failures: held.failures + 1, maxFailures: held.max_failures }),
    end: failure,
    failure,
    message: storable(message),
  };
}
