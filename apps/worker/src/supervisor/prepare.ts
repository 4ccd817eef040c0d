import { join } from 'node:path';
import type { StartMessage } from '@trawl/spec';
import type { ClaimedRun } from '@trawl/store';
import type { Config } from '../config.js';
import type { Transfers } from './transfer.js';

/** Fetches checkpoint and weights into the attempt's folder; what the trainer is told to start with. */
export async function prepare(options: {
  config: Config;
  transfers: Transfers;
  run: ClaimedRun;
  dir: string;
  signal: AbortSignal;
}): Promise<StartMessage> {
  const { config, transfers, run, dir, signal } = options;
  const fetched = async (artifact: ClaimedRun['checkpoint'], name: string): Promise<string | null> => {
    if (artifact === null) return null;
    const path = join(dir, name);
    await transfers.download({ url: `/v1/artifacts/${artifact.id}`, sha256: artifact.sha256 }, path, signal);
    return path;
  };
  const checkpoint = await fetched(run.checkpoint, 'resume.safetensors');
  // A run that resumes has its weights in the checkpoint.
  const weights = checkpoint === null ? await fetched(run.weights, 'from.safetensors') : null;
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
