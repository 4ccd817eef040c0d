import { join } from 'node:path';
import type { StartMessage } from '@trawl/spec';
import type { ClaimedRun, StoredArtifact } from '@trawl/store';
import type { Config } from '../config.js';
import { DamagedCheckpoint } from './resume.js';
import { FileLost, type Transfers } from './transfer.js';

/**
 * Fetches checkpoint and weights into the attempt's folder; what the trainer is told to start with.
 * @throws DamagedCheckpoint; FileLost where the weights are damaged
 */
export async function prepare(options: {
  config: Config;
  transfers: Transfers;
  run: ClaimedRun;
  /** To resume from. */
  checkpoint: StoredArtifact | null;
  dir: string;
  signal: AbortSignal;
}): Promise<StartMessage> {
  const { config, transfers, run, dir, signal } = options;
  const fetched = async (
    artifact: StoredArtifact | null,
    name: string,
    lost: (message: string) => Error,
  ): Promise<string | null> => {
    if (artifact === null) return null;
    const path = join(dir, name);
    try {
      await transfers.download({ url: `/v1/artifacts/${artifact.id}`, sha256: artifact.sha256 }, path, signal);
    } catch (error) {
      throw error instanceof FileLost ? lost(error.message) : error;
    }
    return path;
  };
  const checkpoint = await fetched(
    options.checkpoint,
    'resume.safetensors',
    (message) => new DamagedCheckpoint(message),
  );
  // A run that resumes has its weights in the checkpoint.
  const weights =
    checkpoint === null
      ? await fetched(run.weights, 'from.safetensors', (message) => new FileLost(`weights to start from: ${message}`))
      : null;
  return {
    type: 'start',
    runId: run.runId,
    fence: run.fence,
    model: run.cell.model,
    modelVersion: run.cell.modelVersion,
    params: run.cell.params,
    seed: run.seed,
    dataset: run.cell.dataset,
    datasetHash: run.datasetHash,
    dataRoots: config.dataRoots,
    workDir: dir,
    checkpoint,
    weights,
    checkpointSeconds: config.checkpointSeconds,
  };
}
