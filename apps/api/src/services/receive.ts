import { ArtifactMismatch } from '@trawl/store';
import { ProblemError } from '../problems.js';
import type { Services } from './services.js';

/** What a client says of the file it sends. */
export interface Sent {
  body: AsyncIterable<Uint8Array> | undefined;
  contentType: string | undefined;
  contentLength: string | undefined;
  sha256: string | undefined;
}

/** Stores what is sent, whole and of the digest that it says, or not at all. */
export async function receive(
  sent: Sent,
  { files, limits }: Services,
  what: 'artifact' | 'dataset',
): Promise<{ sha256: string; size: number }> {
  const limit = limits[what];
  const tooLarge = () =>
    new ProblemError('too-large', `${what === 'artifact' ? 'An' : 'A'} ${what} may have at most ${limit} bytes.`);
  if (Number(sent.contentLength) > limit) throw tooLarge();
  try {
    return await files.put(limited(sent.body, limit, tooLarge), sent.sha256);
  } catch (error) {
    if (error instanceof ArtifactMismatch) throw new ProblemError('digest-mismatch', error.message);
    if (isFull(error))
      throw new ProblemError('unavailable', 'The disk of the service is full; free some and send it again.');
    if (isAborted(error)) throw new ProblemError('malformed-body', 'The upload broke off.');
    throw error;
  }
}

/** Counts what comes: a chunked body does not say its length. */
async function* limited(
  body: AsyncIterable<Uint8Array> | undefined,
  limit: number,
  tooLarge: () => Error,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > limit) throw tooLarge();
    yield chunk;
  }
}

const isAborted = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_PREMATURE_CLOSE');

const isFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
