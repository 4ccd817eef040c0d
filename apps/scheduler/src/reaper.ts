import type { Store } from '@trawl/store';

interface ReaperOptions {
  store: Store;
  leaseSeconds: number;
  /** Monotonic milliseconds. */
  now?: () => number;
}

export interface Reaper {
  /** Postgres may have been out of reach until now. */
  connected(): void;
  reap(): Promise<void>;
}

/**
 * Takes runs from workers whose lease has ended. While Postgres was away nobody could renew, so for one
 * lease after it is back every worker gets the chance to.
 */
export function createReaper({ store, leaseSeconds, now = () => performance.now() }: ReaperOptions): Reaper {
  let from = now() + leaseSeconds * 1_000;
  return {
    connected() {
      from = now() + leaseSeconds * 1_000;
    },
    async reap() {
      if (now() < from) return;
      await store.runs.reap();
    },
  };
}
