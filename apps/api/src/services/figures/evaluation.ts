import { buffer } from 'node:stream/consumers';
import { type ArtifactView, EVALUATION_FILE, particlesEpoch } from '@trawl/spec';
import { found } from '../../problems.js';
import type { Services } from '../services.js';

/** What a run left for figures; null where it left none. */
export async function evaluationOf(
  runId: string,
  { store }: Services,
  file: string = EVALUATION_FILE,
): Promise<ArtifactView | null> {
  return (await store.artifacts.of(runId)).findLast(({ name }) => name === file) ?? null;
}

/** What a model of particles left of some epochs, in their order; of an epoch that was trained twice the later. */
export async function epochsOf(
  runId: string,
  { store }: Services,
): Promise<{ epoch: number; artifact: ArtifactView }[]> {
  const left = new Map<number, ArtifactView>();
  for (const artifact of await store.artifacts.of(runId)) {
    const epoch = particlesEpoch(artifact.name);
    if (epoch !== null) left.set(epoch, artifact);
  }
  return [...left].map(([epoch, artifact]) => ({ epoch, artifact })).toSorted((a, b) => a.epoch - b.epoch);
}

export async function bytesOf({ id, sha256 }: ArtifactView, { files }: Services): Promise<Uint8Array> {
  const file = found(await files.open(sha256), 'file behind artifact', id);
  return buffer(file.stream);
}
