import type { Cell, Execution } from '@trawl/spec';
import type { Runs } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import { inBatches } from '../inBatches.js';
import { claimedCells } from '../sql/claimedCells.js';
import { claimRuns } from '../sql/claimRuns.js';
import { lockSweepsOfRuns } from '../sql/lockSweep.js';
import { renewLeases } from '../sql/renewLeases.js';
import { runDemand } from '../sql/runDemand.js';
import { rows } from '../statement.js';
import { transact } from '../transact.js';
import type { ClaimedRun, LeaseAnswer, StoredArtifact } from '../types.js';

interface ClaimRow {
  id: string;
  sweep_id: string;
  stage_id: string;
  fence: number;
  seed: number;
  dataset_hash: string;
  checkpoint_id: string | null;
  checkpoint_name: string;
  checkpoint_sha256: string;
  checkpoint_size: number;
  checkpoint_epoch: number | null;
  checkpoint_step: number | null;
}

interface CellRow {
  run_id: string;
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
  files: StoredArtifact[];
}

interface Wanted {
  runId: string;
  fence: number;
  workerId: string;
}

/** More than a worker has slots, mostly. */
const MOST = 64;

export function claims({ pool, unsafe, leaseSeconds }: Db): Pick<Runs, 'demand' | 'claim' | 'renew'> {
  const claimStatement = claimRuns({ cas: unsafe.noCas !== true, leaseSeconds });
  const renewStatement = renewLeases(leaseSeconds);

  const demand = inBatches<string, { gpuShare: number; alone: boolean; model: string } | null>(
    async (runIds) => {
      type Row = { id: string; gpuShare: number; alone: boolean; model: string };
      const found = new Map((await rows<Row>(pool, runDemand, [runIds])).map((row) => [row.id, row]));
      return runIds.map((id) => {
        const row = found.get(id);
        return row === undefined ? null : { gpuShare: row.gpuShare, alone: row.alone, model: row.model };
      });
    },
    { keyOf: (runId) => runId, most: MOST },
  );

  const claim = inBatches<Wanted, ClaimedRun | null>(
    (wanted) =>
      transact(pool, async (tx) => {
        const ids = wanted.map(({ runId }) => runId);
        await rows(tx.client, lockSweepsOfRuns, [ids]);
        const claimed = await rows<ClaimRow>(tx.client, claimStatement, [
          ids,
          wanted.map(({ fence }) => fence),
          wanted.map(({ workerId }) => workerId),
        ]);
        if (claimed.length === 0) return wanted.map(() => null);
        const cells = await rows<CellRow>(tx.client, claimedCells, [claimed.map(({ id }) => id)]);
        return wanted.map(({ runId, workerId }) => {
          const run = claimed.find(({ id }) => id === runId);
          if (run === undefined) return null;
          const cell = cells.find((each) => each.run_id === runId);
          if (cell === undefined) throw new Error(`run ${runId} has no cell in the stage that made it`);
          const said = { runId, state: 'running', fence: run.fence, workerId };
          tx.emit(run.sweep_id, 'run', said, 'queued', run.stage_id);
          return claimedRun(run, cell);
        });
      }),
    { keyOf: ({ runId }) => runId, most: MOST },
  );

  return {
    demand: async (runId) => (isId(runId) ? demand(runId.toLowerCase()) : null),

    claim: async (runId, fence, workerId) =>
      isId(runId) ? claim({ runId: runId.toLowerCase(), fence, workerId }) : null,

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

function claimedRun(run: ClaimRow, cell: CellRow): ClaimedRun {
  return {
    runId: run.id,
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
    checkpoint: checkpointOf(run),
    weights: weightsOf(cell),
    weightsWanted: cell.weights !== null,
    files: cell.files,
  };
}

function checkpointOf(run: ClaimRow): StoredArtifact | null {
  if (run.checkpoint_id === null) return null;
  return {
    id: run.checkpoint_id,
    name: run.checkpoint_name,
    sha256: run.checkpoint_sha256,
    size: run.checkpoint_size,
    epoch: run.checkpoint_epoch,
    step: run.checkpoint_step,
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
