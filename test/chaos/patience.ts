import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What a thing that must happen may take: a machine with much else to do is no defect. What ends fails at once. */
export const PATIENCE_MS = 300_000;

/**
 * Part of a lease. This process has next to nothing to do, those that renew leases have, and wait for Postgres, which
 * has too: where it stands still for so long, they may for a lease.
 */
const STARVED = 1 / 32;

/** Whether the machine gave the processes of a scenario so little time that leases end for want of it. */
export function watchForStarvation(leaseSeconds: number): { end(): { starved: boolean; longestMs: number } } {
  const delays = monitorEventLoopDelay();
  delays.enable();
  return {
    end() {
      delays.disable();
      const longestMs = Math.round(delays.max / 1e6);
      return { starved: longestMs > STARVED * leaseSeconds * 1000, longestMs };
    },
  };
}
