import type { StagePlan, StageState, SweepState } from '@trawl/spec';
import type { Stages } from '../contract.js';
import type { Db } from '../db.js';
import { isId, newId } from '../ids.js';
import { extendInto, KeyKnown, noteAsked } from '../stages/extend.js';
import { openInto } from '../stages/open.js';
import { rankings } from '../stages/ranked.js';
import { readResults } from '../stages/results.js';
import { dueStages, stageByName, stagesOfSweep } from '../sql/dueStages.js';
import { extensionByKey } from '../sql/extendStage.js';
import { lockSweep, lockSweepOfStage } from '../sql/lockSweep.js';
import { insertStage, nextStage, runStage, setStageState, stageAwaiting, stageOpen } from '../sql/stageState.js';
import { setSweepState } from '../sql/sweepState.js';
import { changed, row, rows } from '../statement.js';
import { transact, type Tx } from '../transact.js';

interface LockedSweep {
  id: string;
  state: SweepState;
}

/** What a stage is left with when it stops running. */
interface Verdict {
  from: StageState[];
  state: StageState;
  reason: string | null;
  cellId: string | null;
  why: string | null;
  decidedBy: string | null;
  /** By which it was reached; where the stage was extended since, it is void. */
  plan?: StagePlan | undefined;
}

const UNDECIDED: StageState[] = ['running', 'selecting', 'awaiting_review'];

export function stageRepository(db: Db): Stages {
  const { pool } = db;
  const inSweepOfStage = <T>(
    stageId: string,
    work: (tx: Tx, sweep: LockedSweep) => Promise<T | null>,
  ): Promise<T | null> => {
    if (!isId(stageId)) return Promise.resolve(null);
    return transact(pool, async (tx) => {
      const sweep = await row<LockedSweep>(tx.client, lockSweepOfStage, [stageId]);
      return sweep === null ? null : work(tx, sweep);
    });
  };

  const settle = async (stageId: string, verdict: Verdict): Promise<boolean> => {
    const settled = await inSweepOfStage(stageId, async (tx, sweep) => {
      const { from, state, reason, cellId, why, decidedBy, plan } = verdict;
      const judged = plan === undefined ? null : JSON.stringify(plan);
      const values = [stageId, from, state, reason, cellId, why, decidedBy, judged];
      const stage = await row<{ name: string; was: StageState }>(tx.client, setStageState, values);
      if (stage === null) return null;
      const said = Object.fromEntries(Object.entries({ reason, cellId, why, decidedBy }).filter(([, v]) => v !== null));
      tx.emit(sweep.id, 'stage', { stageId, name: stage.name, state, ...said }, stage.was);
      const sweepState = sweepStateWith(sweep.state, state);
      if (sweepState !== sweep.state) await moveSweep(tx, sweep, sweepState);
      return true;
    });
    return settled ?? false;
  };

  return {
    due: () => rows(pool, dueStages),
    list: async (sweepId) => (isId(sweepId) ? rows(pool, stagesOfSweep, [sweepId]) : []),
    byName: async (sweepId, name) => (isId(sweepId) ? row(pool, stageByName, [sweepId, name]) : null),

    open: (stageId, cells, seeds, datasetHash, parents, plan) =>
      inSweepOfStage(stageId, async (tx, sweep) => {
        if (sweep.state !== 'running' && sweep.state !== 'paused') return null;
        const values = [stageId, plan === undefined ? null : JSON.stringify(plan)];
        const stage = await row<{ name: string }>(tx.client, runStage, values);
        if (stage === null) return null;
        const opened = await openInto(tx, { sweepId: sweep.id, stageId, cells, seeds, datasetHash, parents });
        tx.emit(sweep.id, 'stage', { stageId, name: stage.name, state: 'running', ...opened }, 'pending');
        return opened;
      }),

    extend: (stageId, extension) =>
      inSweepOfStage(stageId, async (tx, sweep) => {
        if (sweep.state === 'cancelled') return null;
        const result = await extendInto(tx, sweep.id, stageId, extension);
        if (result !== 'extended') return result;
        const waits = sweep.state === 'awaiting_review' && (await row(tx.client, stageAwaiting, [sweep.id])) !== null;
        if (sweep.state !== 'running' && sweep.state !== 'paused' && !waits) await moveSweep(tx, sweep, 'running');
        return result;
      }).catch(keyKnown),

    extensionBy: (idempotencyKey) => row(pool, extensionByKey, [idempotencyKey]),

    results: (stageId) => readResults(pool, stageId),
    ...rankings(db),

    selecting: (stageId) =>
      settle(stageId, {
        from: ['running'],
        state: 'selecting',
        reason: null,
        cellId: null,
        why: null,
        decidedBy: null,
      }),

    decide: async (stageId, { cellId, why, decidedBy, plan }) =>
      (cellId === null || isId(cellId)) &&
      settle(stageId, { from: UNDECIDED, state: 'done', reason: null, cellId, why, decidedBy, plan }),

    await: (stageId, reason, suggested, plan) =>
      settle(stageId, {
        from: ['running', 'selecting'],
        state: 'awaiting_review',
        reason,
        cellId: suggested?.cellId ?? null,
        why: suggested?.why ?? null,
        decidedBy: null,
        plan,
      }),

    fail: (stageId, reason) =>
      settle(stageId, {
        from: ['pending', ...UNDECIDED],
        state: 'failed',
        reason,
        cellId: null,
        why: null,
        decidedBy: null,
      }),

    addRefit: async (sweepId, plan, asked) => {
      if (!isId(sweepId)) return null;
      return transact(pool, async (tx) => {
        const sweep = await row<LockedSweep>(tx.client, lockSweep, [sweepId]);
        if (sweep === null || sweep.state === 'cancelled') return null;
        const dataset = JSON.stringify(plan.dataset);
        const next = await row<{ ordinal: number; dataset_hash: string | null }>(tx.client, nextStage, [
          sweepId,
          dataset,
        ]);
        if (next === null || next.dataset_hash === null) {
          throw new Error(`sweep ${sweepId} has no stage on the dataset ${dataset}`);
        }
        const stageId = newId();
        const placed: StagePlan = { ...plan, ordinal: next.ordinal };
        const values = [stageId, sweepId, next.ordinal, JSON.stringify(placed), next.dataset_hash];
        await changed(tx.client, insertStage, values);
        if (asked !== undefined) await noteAsked(tx, sweepId, stageId, asked);
        tx.emit(sweepId, 'stage', { stageId, name: plan.name, state: 'pending' }, null);
        if (sweep.state === 'succeeded' || sweep.state === 'failed') await moveSweep(tx, sweep, 'running');
        return { stageId };
      }).catch(keyKnown);
    },

    finishSweep: async (sweepId, state) => {
      if (!isId(sweepId)) return false;
      return transact(pool, async (tx) => {
        const sweep = await row<LockedSweep>(tx.client, lockSweep, [sweepId]);
        if (sweep === null || (sweep.state !== 'running' && sweep.state !== 'awaiting_review')) return false;
        // A refit may have come since the caller looked.
        if (state === 'succeeded' && (await row(tx.client, stageOpen, [sweepId])) !== null) return false;
        await moveSweep(tx, sweep, state);
        return true;
      });
    },
  };
}

function keyKnown(error: unknown): 'key-known' {
  if (error instanceof KeyKnown) return 'key-known';
  throw error;
}

async function moveSweep(tx: Tx, { id, state: from }: LockedSweep, state: SweepState): Promise<void> {
  await changed(tx.client, setSweepState, [id, state]);
  tx.emit(id, 'sweep', { state }, from);
}

/** A sweep awaits review with its stage, and runs on with the decision; a pause outlasts both. */
function sweepStateWith(sweep: SweepState, stage: StageState): SweepState {
  if (sweep === 'running' && stage === 'awaiting_review') return 'awaiting_review';
  if (sweep === 'awaiting_review' && stage !== 'awaiting_review') return 'running';
  return sweep;
}
