import path from 'node:path';
import type { ArtifactFiles } from './files.js';
import { LocalArtifacts } from './local.js';

export interface ArtifactPlace {
  /** s3://bucket/prefix; null for a folder. */
  url: string | null;
  /** An address other than AWS's own; its buckets are then named in the path, as MinIO, Garage and Ceph want it. */
  endpoint: string | null;
  /** Where files lie without a url. */
  dataDir: string;
}

export interface OpenArtifacts {
  files: ArtifactFiles;
  close(): void;
}

/** @throws Error that says what to set when the bucket cannot be reached. */
export async function openArtifacts({ url, endpoint, dataDir }: ArtifactPlace): Promise<OpenArtifacts> {
  if (url === null) return { files: new LocalArtifacts(path.join(dataDir, 'artifacts')), close: () => {} };
  // Loading it takes time and memory that a single machine has no use for.
  const { S3Artifacts } = await import('./s3.js');
  const files = new S3Artifacts(url, endpoint === null ? {} : { endpoint, forcePathStyle: true });
  await files.check();
  return { files, close: () => files.close() };
}
