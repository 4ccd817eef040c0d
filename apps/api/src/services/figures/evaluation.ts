import { buffer } from 'node:stream/consumers';
import { type ArtifactView, EVALUATION_FILE } from '@trawl/spec';
import { found } from '../../problems.js';
import type { Services } from '../services.js';

/** What a run left for figures; null where it left none. */
export async function evaluationOf(runId: string, { store }: Services): Promise<ArtifactView | null> {
  return (await store.artifacts.of(runId)).find(({ name }) => name === EVALUATION_FILE) ?? null;
}

export async function bytesOf({ id, sha256 }: ArtifactView, { files }: Services): Promise<Uint8Array> {
  const file = found(await files.open(sha256), 'file behind artifact', id);
  return buffer(file.stream);
}
