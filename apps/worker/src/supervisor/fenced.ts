import { setTimeout as sleep } from 'node:timers/promises';
import type { Lease } from './lease.js';
import { isTransient } from './transient.js';

/** The run is no longer ours: drop everything, write nothing. */
export class RunLost extends Error {
  override name = 'RunLost';
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;

export interface FencedWriter {
  /**
   * Sends a write while the lease is good, again after an outage, until it is stored.
   * Throws RunLost when the lease ends first or the write is refused (`false`, `null`), and what the
   * database says when another try would not help.
   */
  write: <T>(what: string, send: () => Promise<T | false | null>) => Promise<T>;
}

/** @param lost aborts when the run is lost */
export function fencedWriter(
  lease: Lease,
  lost: AbortSignal,
  onRetry: (what: string, error: unknown) => void,
): FencedWriter {
  const whenLost = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new RunLost(String(lost.reason)));
    if (lost.aborted) fail();
    else lost.addEventListener('abort', fail, { once: true });
  });
  whenLost.catch(() => {});

  return {
    async write(what, send) {
      for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
        if (!lease.alive()) throw new RunLost(String(lost.reason));
        try {
          // A statement that hangs on a dead connection must not outlive the lease.
          const answer = await Promise.race([send(), whenLost]);
          if (answer !== false && answer !== null) return answer;
        } catch (error) {
          if (error instanceof RunLost || !isTransient(error)) throw error;
          onRetry(what, error);
          await Promise.race([sleep(waitMs), whenLost]);
          continue;
        }
        lease.lose(`the database refused its ${what}: another attempt holds the run, or it is cancelled`);
        throw new RunLost(String(lost.reason));
      }
    },
  };
}
