import type { Cell, Execution } from '@trawl/spec';
import type { Runs } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import { claimedCell } from '../sql/claimedCell.js';
import { claimRun, insertAttempt } from '../sql/claimRun.js';
import { lockSweepOfRun } from '../sql/lockSweep.js';
import { renewLeases } from '../sql/renewLeases.js';
import { rewindRun } from '../sql/rewindRun.js';
import { runDemand } from '../sql/runDemand.js';
import { changed, row, rows } from '../statement.js';
import { transact } from '../transact.js';
import type { LeaseAnswer, StoredArtifact } from '../types.js';

interface ClaimRow {
  sweep_id: string;
  fence: number;
  seed: number;
  dataset_hash: string;
  parent_run_id: string | null;
}

interface CellRow {
  hash: string;
  model: string;
  model_version: string;
  params: Cell['params'];
  dataset: Cell['dataset'];
  point: Cell['point'];
  execution: Execution;
  /** Name or kind of the artifact that the stage starts from. */
  weights: string | null;
  weights_id: string | null;
  weights_name: string;
  weights_sha256: string;
  weights_size: number;
  weights_epoch: number | null;
  weights_step: number | null;
}

export function claims({ pool, unsafe, leaseSeconds }: Db): Pick<Runs, 'demand' | 'claim' | 'renew'> {
  const claimStatement = claimRun({ cas: unsafe.noCas !== true, leaseSeconds });
  const renewStatement = renewLeases(leaseSeconds);
  return {
    demand: async (runId) => (isId(runId) ? row(pool, runDemand, [runId]) : null),

    claim: async (runId, fence, workerId) => {
      if (!isId(runId)) return null;
      return transact(pool, async (tx) => {
        await rows(tx.client, lockSweepOfRun, [runId]);
        const run = await row<ClaimRow>(tx.client, claimStatement, [runId, fence, workerId]);
        if (run === null) return null;
        await changed(tx.client, insertAttempt, [runId, run.fence, workerId]);
        const checkpoint = await row<StoredArtifact>(tx.client, rewindRun, [runId]);
        const cell = await row<CellRow>(tx.client, claimedCell, [runId]);
        if (cell === null) throw new Error(`run ${runId} has no cell in the stage that made it`);
        tx.emit(run.sweep_id, 'run', { runId, state: 'running', fence: run.fence, workerId });
        return {
          runId,
          sweepId: run.sweep_id,
          fence: run.fence,
          seed: run.seed,
          cell: {
            hash: cell.hash,
            model: cell.model,
            modelVersion: cell.model_version,
            params: cell.params,
            dataset: cell.dataset,
            point: cell.point,
          },
          datasetHash: run.dataset_hash,
          stallMinutes: cell.execution.stallMinutes,
          timeoutMinutes: cell.execution.timeoutMinutes,
          checkpoint,
          weights: weightsOf(cell),
          weightsWanted: cell.weights !== null,
        };
      });
    },

    renew: async (workerId, held) => {
      const known = held.filter((run) => isId(run.runId));
      const answers = new Map<string, LeaseAnswer>(held.map((run) => [run.runId, 'lost']));
      const renewed = await rows<{ id: string; paused: boolean }>(pool, renewStatement, [
        workerId,
        known.map((run) => run.runId),
        known.map((run) => run.fence),
      ]);
      for (const run of renewed) answers.set(run.id, run.paused ? 'paused' : 'held');
      return answers;
    },
  };
}

function weightsOf(cell: CellRow): StoredArtifact | null {
  if (cell.weights_id === null) return null;
  return {
    id: cell.weights_id,
    name: cell.weights_name,
    sha256: cell.weights_sha256,
    size: cell.weights_size,
    epoch: cell.weights_epoch,
    step: cell.weights_step,
  };
}
