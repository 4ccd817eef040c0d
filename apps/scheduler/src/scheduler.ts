import { setTimeout as sleep } from 'node:timers/promises';
import { dispatch, repair, type RunQueue } from '@trawl/queue';
import type { Catalog } from '@trawl/spec';
import { LEASE_SECONDS, type Notification, type Store } from '@trawl/store';
import { NO_TRACING, spanOfDispatch, type Tracing } from '@trawl/tracing';
import type { Logger } from 'pino';
import { advance } from './advance/advance.js';
import { createAlarm } from './alarm.js';
import { createGuard } from './outage.js';
import { createReaper } from './reaper.js';

/** Changes come in bursts: one round serves those of this time. */
const DEBOUNCE_MS = 50;

export interface SchedulerOptions {
  store: Store;
  /** One a capability. */
  queues: readonly RunQueue[];
  catalog: Catalog;
  log: Logger;
  /** Nothing is recorded where nobody says otherwise. */
  tracing?: Tracing;
  leaseSeconds?: number;
  /** Time between rounds when nothing happens; 0 runs none but those that `tick` asks for. */
  intervalMs?: number;
  /** Time between comparisons of the queues with Postgres. */
  repairMs?: number;
  /** Monotonic milliseconds. */
  now?: () => number;
}

export interface Scheduler {
  /** One round: advances stages, reaps lost attempts, dispatches, repairs. Rejects when a store or queue does not answer. */
  tick(): Promise<void>;
  /** Something changed: the next round comes at once. */
  notify: (notification: Notification) => void;
  /** Waits for the round that is under way. */
  close(): Promise<void>;
}

/** Runs rounds until it is closed. What a round has not done the next one does, here or in another scheduler. */
export function startScheduler(options: SchedulerOptions): Scheduler {
  const { store, queues, catalog, log, leaseSeconds = LEASE_SECONDS } = options;
  const { tracing = NO_TRACING, intervalMs = 1_000, repairMs = 5_000, now = () => performance.now() } = options;
  const reaper = createReaper({ store, leaseSeconds, now });
  // Two, since a Redis that is away must not keep expired leases from being noticed.
  const withPostgres = createGuard(log, 'Postgres', () => reaper.connected());
  const withQueues = createGuard(log, 'the queue');
  const adding = spanOfDispatch(tracing, (runIds) => store.runs.traceparents(runIds));
  const alarm = createAlarm();
  const closing = new AbortController();
  const stuck = new Set<string>();
  let nextRepair = Number.NEGATIVE_INFINITY;
  let last: Promise<void> = Promise.resolve();

  const round = async () => {
    await withPostgres(async () => {
      await advance({ store, catalog, log, stuck });
      await reaper.reap();
    });
    await withQueues(async () => {
      for (const run of await dispatch(store, queues, adding)) log.info(run, 'run dispatched');
      if (now() < nextRepair) return;
      for (const run of await repair(store, queues, adding)) log.warn(run, 'run was not in its queue, added again');
      nextRepair = now() + repairMs;
    });
  };

  /** Rounds never overlap. */
  const tick = () => {
    last = last.catch(() => {}).then(round);
    return last;
  };

  const loop = async () => {
    while (!closing.signal.aborted) {
      // The guards have logged what went wrong; the next round tries again.
      await tick().catch(() => {});
      await alarm.wait(intervalMs);
      await sleep(DEBOUNCE_MS);
    }
  };
  const looping = intervalMs > 0 ? loop() : Promise.resolve();

  return {
    tick,
    notify({ kind }) {
      if (kind === 'resync') reaper.connected();
      alarm.ring();
    },
    async close() {
      closing.abort();
      alarm.ring();
      await Promise.allSettled([looping, last]);
    },
  };
}
