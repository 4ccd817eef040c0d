import type { LeaseAnswer } from '@trawl/store';

/*
 * A lease as this process may believe in it. Postgres grants `now() + leaseSeconds` when it handles the renewal,
 * which is never before we sent it: counted from the sending by our monotonic clock, our end comes first.
 * A process that was frozen and wakes sees the clock's jump at its first look, and every write looks first.
 */

/** Parts of a lease (with one of 30 s: 4, 10, 5 and 1 s). Time that a SIGKILL may take to end a trainer on a busy machine. */
const MARGIN = 4 / 30;
const RENEW = 1 / 3;
/** A renewal without an answer for so long is sent anew: the connection may be dead. */
const PATIENCE = 1 / 6;
/** After a failed renewal. */
const RETRY = 1 / 30;
const TICK_SECONDS = 0.25;

export interface HeldRun {
  runId: string;
  fence: number;
  sweepId: string;
}

export interface LeaseEvents {
  /** The run is no longer ours: kill the trainer, write nothing. Called once. */
  onLost(why: string): void;
  onPaused(): void;
}

export interface Lease {
  /** Whether a write may be sent now; false means that onLost has been called. Asked before every write. */
  alive(): boolean;
  /** A fenced write was refused. */
  lose(why: string): void;
  /** The write that ends the run is under way: whether the run was ours till then, its answer says and no renewal. */
  ending(): void;
  /** Done with the run: not renewed any more. */
  drop(): void;
}

export interface LeaseOptions {
  leaseSeconds: number;
  renew: (held: readonly HeldRun[]) => Promise<ReadonlyMap<string, LeaseAnswer>>;
  /** Monotonic seconds. */
  now: () => number;
  onError: (error: unknown) => void;
  /** For tests only: believe in leases for ever, whatever clock and database say, so that the fence alone stands. */
  trustForEver?: boolean;
}

export type LeaseKeeper = ReturnType<typeof keepLeases>;

/** Renews the leases of all runs that are held here, in one loop. */
export function keepLeases({ leaseSeconds, renew, now, onError, trustForEver = false }: LeaseOptions) {
  const renewSeconds = RENEW * leaseSeconds;
  const trustedSeconds = (1 - MARGIN) * leaseSeconds;
  interface Held extends HeldRun {
    trustedUntil: number;
    ending: boolean;
    events: LeaseEvents;
  }
  const held = new Map<string, Held>();
  let nextAt = now() + renewSeconds;

  const trusted = (sentAt: number): number => (trustForEver ? Infinity : sentAt + trustedSeconds);

  const lose = (run: Held, why: string): void => {
    if (held.get(run.runId) !== run) return;
    held.delete(run.runId);
    run.events.onLost(why);
  };

  const alive = (run: Held): boolean => {
    if (held.get(run.runId) !== run) return false;
    if (now() < run.trustedUntil) return true;
    lose(run, 'its lease could not be renewed in time');
    return false;
  };

  const renewNow = async (): Promise<void> => {
    const asked = [...held.values()];
    const sentAt = now();
    if (asked.length === 0) {
      nextAt = sentAt + renewSeconds;
      return;
    }
    nextAt = sentAt + PATIENCE * leaseSeconds;
    try {
      const answers = await renew(asked);
      for (const run of asked) {
        // A lease that ended while the answer was under way stays ended: its trainer is dead.
        if (!alive(run)) continue;
        const answer = answers.get(run.runId) ?? 'lost';
        if (answer === 'lost' && !trustForEver) {
          if (!run.ending) lose(run, 'it was cancelled, or taken over by another worker');
        } else run.trustedUntil = Math.max(run.trustedUntil, trusted(sentAt));
        if (answer === 'paused') run.events.onPaused();
      }
      nextAt = sentAt + renewSeconds;
    } catch (error) {
      nextAt = now() + RETRY * leaseSeconds;
      onError(error);
    }
  };

  const tick = (): void => {
    for (const run of held.values()) alive(run);
    if (now() >= nextAt) void renewNow();
  };

  const timer = setInterval(tick, TICK_SECONDS * 1000);
  return {
    /** Takes up a run whose claim was sent at `sentAt`. */
    hold(run: HeldRun, sentAt: number, events: LeaseEvents): Lease {
      const entry: Held = { ...run, trustedUntil: trusted(sentAt), ending: false, events };
      held.set(run.runId, entry);
      return {
        alive: () => alive(entry),
        lose: (why) => lose(entry, why),
        ending: () => {
          entry.ending = true;
        },
        drop: () => {
          if (held.get(run.runId) === entry) held.delete(run.runId);
        },
      };
    },
    /** Asks at once how the held runs stand, as after a notification. */
    renewNow,
    tick,
    holds: (sweepId: string, runId: string | undefined): boolean =>
      [...held.values()].some((run) => (runId === undefined ? run.sweepId === sweepId : run.runId === runId)),
    close: (): void => clearInterval(timer),
  };
}
