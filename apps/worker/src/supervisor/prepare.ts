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
 * Fetches checkpoint, weights, files that params name, and data that this machine lacks into the attempt's folder; what the trainer is told to start with.
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
  const files: Record<string, string> = {};
  for (const [i, file] of run.files.entries()) {
    const path = await fetched(file, `file-${i}.safetensors`, (message) => new FileLost(`${file.name}: ${message}`));
    if (path !== null) files[file.sha256] = path;
  }
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
    datasetFiles: await fetchedDatasets(options),
    dataRoots: config.dataRoots,
    workDir: dir,
    checkpoint,
    weights,
    files,
    checkpointSeconds: config.checkpointSeconds,
    traceparent: null,
  };
}

/** The run's data where no data root of this machine has them, by sha256: uploads, and files that only the api's machine has. */
async function fetchedDatasets({ config, datasets, run, dir, signal }: Preparation): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const { path, sha256 } of await lacking(run, config)) {
    const file = join(dir, `dataset-${sha256.slice(0, 16)}.hdf5`);
    try {
      await datasets.provide(sha256, file, signal);
    } catch (error) {
      if (!(error instanceof TransferRefused)) throw error;
      const where =
        uploadedHash(path) === null
          ? 'no data root here has it, and the api does not give it'
          : 'the api does not give it';
      throw new FileLost(`dataset ${path}: ${where}: ${error.message}`);
    }
    files[sha256] = file;
  }
  return files;
}

async function lacking({ cell, datasetHash }: ClaimedRun, config: Config): Promise<{ path: string; sha256: string }[]> {
  const { dataset } = cell;
  if (dataset.kind === 'sessions') {
    // Of sessions below a data root only the hash of all together is known: this machine must have those itself.
    return dataset.sessions.flatMap((session) => {
      const sha256 = session.kind === 'hdf5' ? uploadedHash(session.path) : null;
      return session.kind !== 'hdf5' || sha256 === null ? [] : [{ path: session.path, sha256 }];
    });
  }
  if (dataset.kind !== 'hdf5') return [];
  const { path } = dataset;
  const isHere =
    uploadedHash(path) === null && 'file' in (await resolveInRoots(path, config.dataRoots, 'dataset.path'));
  return isHere ? [] : [{ path, sha256: datasetHash }];
}
