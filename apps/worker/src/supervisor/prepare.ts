import { join } from 'node:path';
import { resolveInRoots } from '@trawl/datasets/roots';
import { type StartMessage, uploadedHash } from '@trawl/spec';
import type { ClaimedRun, StoredArtifact } from '@trawl/store';
import type { Config } from '../config.js';
import type { DatasetCache } from './datasetCache.js';
import { DamagedCheckpoint } from './resume.js';
import { FileLost, TransferRefused, type Transfers } from './transfer.js';

interface Preparation {
  config: Config;
  transfers: Transfers;
  datasets: DatasetCache;
  run: ClaimedRun;
  /** To resume from. */
  checkpoint: StoredArtifact | null;
  dir: string;
  signal: AbortSignal;
}

/**
 * Fetches checkpoint, weights and data that this machine lacks into the attempt's folder; what the trainer is told to start with.
 * @throws DamagedCheckpoint; FileLost where weights or data cannot be had; NoRoom
 */
export async function prepare(options: Preparation): Promise<StartMessage> {
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
    datasetFile: await fetchedDataset(options),
    dataRoots: config.dataRoots,
    workDir: dir,
    checkpoint,
    weights,
    checkpointSeconds: config.checkpointSeconds,
  };
}

/** The run's data where no data root of this machine has them: uploads, and files that only the api's machine has. */
async function fetchedDataset({ config, datasets, run, dir, signal }: Preparation): Promise<string | null> {
  const { dataset } = run.cell;
  if (dataset.kind !== 'hdf5') return null;
  const isUpload = uploadedHash(dataset.path) !== null;
  if (!isUpload && 'file' in (await resolveInRoots(dataset.path, config.dataRoots, 'dataset.path'))) return null;
  const path = join(dir, 'dataset.hdf5');
  try {
    await datasets.provide(run.datasetHash, path, signal);
  } catch (error) {
    if (!(error instanceof TransferRefused)) throw error;
    const where = isUpload ? 'the api does not give it' : 'no data root here has it, and the api does not give it';
    throw new FileLost(`dataset ${dataset.path}: ${where}: ${error.message}`);
  }
  return path;
}
