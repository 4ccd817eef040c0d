import { setTimeout as sleep } from 'node:timers/promises';

export interface Alarm {
  /** Resolves after `ms`, or sooner when it rings; at once when it rang since the last wait. */
  wait(ms: number): Promise<void>;
  ring(): void;
}

/** A sleep that can be cut short. */
export function createAlarm(): Alarm {
  let rang = false;
  let sleeping: AbortController | null = null;
  return {
    async wait(ms) {
      if (!rang) {
        sleeping = new AbortController();
        await sleep(ms, undefined, { signal: sleeping.signal }).catch(() => {});
        sleeping = null;
      }
      rang = false;
    },
    ring() {
      rang = true;
      sleeping?.abort();
    },
  };
}
