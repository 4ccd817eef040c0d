import type { Readable } from 'node:stream';

/** Files by the sha256 (hex) of their content. */
export interface ArtifactFiles {
  /**
   * Stores what the stream yields; a reader sees the whole file or none.
   * Throws `ArtifactMismatch` when the content has not the expected sha256.
   */
  put(content: AsyncIterable<Uint8Array>, expectedSha256?: string): Promise<{ sha256: string; size: number }>;
  /** `range` counts bytes, both ends included, as HTTP does. null when there is no such file. */
  open(sha256: string, range?: { start: number; end: number }): Promise<{ stream: Readable; size: number } | null>;
  /** What `use` makes of it as a file of this machine, which it may only read; null when there is no such file. */
  onDisk<T>(sha256: string, use: (path: string) => Promise<T>): Promise<T | null>;
  /** Bytes, or null when there is no such file. */
  size(sha256: string): Promise<number | null>;
  /** false when there was none, or none that was last put before `putBefore`. */
  delete(sha256: string, putBefore?: Date): Promise<boolean>;
  list(): AsyncIterable<{ sha256: string; size: number; modifiedAt: Date }>;
  /** Uploads that have not ended: under way, or cut off by a crash. */
  unfinished(): AsyncIterable<{ name: string; size: number; modifiedAt: Date }>;
  /** false when there is none of this name any more. */
  removeUnfinished(name: string): Promise<boolean>;
}

/** Whether it can name a file: nothing else is ever looked up. */
export const isSha256 = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

export class ArtifactMismatch extends Error {
  readonly code = 'artifact_mismatch';
  constructor(expected: string, actual: string) {
    super(`content has sha256 ${actual}, expected ${expected}`);
  }
}
