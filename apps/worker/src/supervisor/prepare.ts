import { join } from 'node:path';
import type { ClaimedRun } from '@trawl/store';
import type { Config } from '../config.js';
import type { Transfers } from './transfer.js';

/** What a trainer needs on this disk before it starts. Paths are absolute. */
export interface Prepared {
  dataRoots: string[];
  checkpoint: string | null;
  weights: string | null;
}

/** Fetches checkpoint and weights into the attempt's folder. */
export async function prepare(options: {
  config: Config;
  transfers: Transfers;
  run: ClaimedRun;
  dir: string;
  signal: AbortSignal;
}): Promise<Prepared> {
  const { config, transfers, run, dir, signal } = options;
  const fetched = async (artifact: ClaimedRun['checkpoint'], name: string): Promise<string | null> => {
    if (artifact === null) return null;
    const path = join(dir, name);
    await transfers.download({ url: `/v1/artifacts/${artifact.id}`, sha256: artifact.sha256 }, path, signal);
    return path;
  };
  const [checkpoint, weights] = await Promise.all([
    fetched(run.checkpoint, 'resume.safetensors'),
    // A run that resumes has its weights in the checkpoint.
    run.checkpoint === null ? fetched(run.weights, 'from.safetensors') : null,
  ]);
  return { dataRoots: config.dataRoots, checkpoint, weights };
}
