import type { Store } from '@trawl/store';
import type { Caller } from './caller.js';

/** How long a stream may outlive its key. */
const LOOK_MS = 30_000;

/** Aborts once a caller's key is revoked or has expired: an open stream would otherwise never be asked again. */
export function untilRevoked(
  { keyId }: Caller,
  { keys }: Pick<Store, 'keys'>,
  lookMs = LOOK_MS,
): { signal: AbortSignal; stop: () => void } {
  const revoked = new AbortController();
  const look = async (id: string): Promise<void> => {
    // While the database does not answer nothing is streamed either.
    if (!(await keys.works(id).catch(() => true))) revoked.abort();
  };
  const timer = keyId === null ? undefined : setInterval(() => void look(keyId), lookMs);
  return { signal: revoked.signal, stop: () => clearInterval(timer) };
}
