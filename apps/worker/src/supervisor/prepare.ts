import { join } from 'node:path';
import { resolveInRoots } from '@trawl/datasets/roots';
import { type StartMessage, uploadedHash } from '@trawl/spec';
import type { ClaimedRun, StoredArtifact } from '@trawl/store';
import type { Config } from '../config.js';
import type { FileCache } from './fileCache.js';
import { DamagedCheckpoint } from './resume.js';
import { FileLost, TransferRefused, type Transfers } from './transfer.js';

interface Preparation {
  config: Config;
  transfers: Transfers;
  cache: FileCache;
  run: ClaimedRun;
  /** To resume from. */
  checkpoint: StoredArtifact | null;
  dir: string;
  signal: AbortSignal;
}

/**
 * Brings checkpoint, weights, files that params name, and data that this machine lacks into the attempt's folder; what the
 * trainer is told to start with.
 * @throws DamagedCheckpoint; FileLost where weights or data cannot be had; NoRoom
 */
export async function prepare(options: Preparation): Promise<StartMessage> {
  const { config, run, dir } = options;
  const checkpoint = options.checkpoint && (await fetchedCheckpoint(options.checkpoint, options));
  // A run that resumes has its weights in the checkpoint.
  const weights =
    checkpoint === null && run.weights !== null
      ? await cachedWeights(run.weights, 'from.safetensors', 'weights to start from', options)
      : null;
  const files: Record<string, string> = {};
  for (const [i, file] of run.files.entries()) {
    files[file.sha256] = await cachedWeights(file, `file-${i}.safetensors`, file.name, options);
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

/** Of one attempt alone: it is not kept. */
async function fetchedCheckpoint(
  { id, sha256 }: StoredArtifact,
  { transfers, dir, signal }: Preparation,
): Promise<string> {
  const path = join(dir, 'resume.safetensors');
  try {
    await transfers.download({ url: `/v1/artifacts/${id}`, sha256 }, path, signal);
  } catch (error) {
    throw error instanceof FileLost ? new DamagedCheckpoint(error.message) : error;
  }
  return path;
}

async function cachedWeights(
  { id, sha256 }: StoredArtifact,
  name: string,
  what: string,
  { cache, dir, signal }: Preparation,
): Promise<string> {
  const path = join(dir, name);
  try {
    await cache.provide({ url: `/v1/artifacts/${id}`, sha256 }, path, signal);
  } catch (error) {
    throw error instanceof FileLost ? new FileLost(`${what}: ${error.message}`) : error;
  }
  return path;
}

/** The run's data where no data root of this machine has them, by sha256: uploads, and files that only the api's machine has. */
async function fetchedDatasets({ config, cache, run, dir, signal }: Preparation): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const { path, sha256 } of await lacking(run, config)) {
    const file = join(dir, `dataset-${sha256.slice(0, 16)}.hdf5`);
    try {
      await cache.provide({ url: `/v1/datasets/${sha256}/content`, sha256 }, file, signal);
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
