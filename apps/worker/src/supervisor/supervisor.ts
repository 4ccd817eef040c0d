import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openQueue, type RunConsumer } from '@trawl/queue';
import { listen, openStore } from '@trawl/store';
import { openTracing } from '@trawl/tracing';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import { version } from '../version.js';
import { requireAccess } from './access.js';
import { type Attempt, startAttempt } from './attempt.js';
import { lookAtMachine, shareOf, trainerEnv, trainerSettings } from './devices.js';
import { openFileCache } from './fileCache.js';
import { openGate } from './gate.js';
import { keepLeases } from './lease.js';
import { openRooms } from './rooms.js';
import { startTrainer } from './trainerProcess.js';
import { openTrainers } from './trainers.js';
import { openTransfers } from './transfer.js';
import { withBackend } from './tryBackend.js';
import { openWorkDir } from './workDir.js';

/** Part of a lease. */
const HEARTBEAT = 1 / 3;
/** Several notifications at once (a sweep of many runs is paused) ask once. */
const WAKE_MS = 20;
/** Kept back at the end of a drain for the releases themselves. */
const RELEASE_SECONDS = 2;
/** Trainers get this part of the drain for their checkpoints, uploads the rest. */
const CHECKPOINT_SHARE = 0.7;

/**
 * Connections to Postgres at most. A slot's trainer has one statement under way at a time, mostly none; the rest is for
 * leases and claims. More than 32 a worker help no server.
 */
const poolSizeOf = (slots: number): number => Math.min(32, slots + 4);

export interface Supervisor {
  /** Takes no more jobs, checkpoints and releases what runs, and closes; all within the configured time. */
  drain(): Promise<void>;
  /** Kills every trainer, at once. */
  kill(): void;
}

/**
 * Registers this worker and serves the queue with all its slots.
 * @throws CannotStart
 */
export async function startSupervisor(config: Config, log: Logger): Promise<Supervisor> {
  const api = { url: config.apiUrl, key: config.apiKey };
  await requireAccess(api);
  const machine = await withBackend(config, await lookAtMachine(config), log);
  const slots = machine.visible.length;
  const { leaseSeconds } = config;
  const { noFence, noCas, noLease } = config.unsafe;
  const store = await openStore({
    databaseUrl: config.databaseUrl,
    poolSize: poolSizeOf(slots),
    leaseSeconds,
    onChange: (change) => log.info(change, 'state changed'),
    unsafe: { ...(noFence && { noFence }), ...(noCas && { noCas }) },
  });
  const complain = (what: string) => (error: unknown) => log.warn({ error: String(error) }, `${what} failed`);
  const queue = await openQueue({
    url: config.queueUrl,
    capability: machine.capability,
    lockSeconds: 2 * leaseSeconds,
    onError: complain('queue'),
  });
  const workDir = openWorkDir(config.dataDir);
  const { capability, devices } = machine;
  const workerId = await store.workers.register({
    host: hostname(),
    pid: process.pid,
    slots,
    capability,
    devices,
    version,
  });

  const leases = keepLeases({
    leaseSeconds,
    renew: (held) => store.runs.renew(workerId, held),
    now: () => performance.now() / 1000,
    onError: complain('lease renewal'),
    trustForEver: noLease,
  });
  const transfers = openTransfers(api, (what, error) => log.warn({ what, error: String(error) }, 'trying again'));
  const trainers = openTrainers((slot) =>
    startTrainer(trainerSettings(config, machine, slot), trainerEnv(config, machine, slot)),
  );
  const cache = openFileCache({
    // Named for what it once held alone: under another name an upgrade would leave all of it behind.
    folder: join(config.dataDir, 'cache', 'datasets'),
    limitBytes: config.datasetCacheBytes,
    transfers,
    log,
  });
  const onUnsent = (error: string): void => log.warn({ error }, 'spans were not sent');
  const tracing = await openTracing(config.otlpEndpoint, 'trawl-worker', onUnsent);
  const services = { config, store, leases, trainers, transfers, cache, tracing, log };

  const heartbeat = setInterval(
    () => {
      store.workers.heartbeat(workerId).catch(complain('heartbeat'));
    },
    HEARTBEAT * leaseSeconds * 1000,
  );

  let wake: NodeJS.Timeout | undefined;
  const listener = await listen(config.databaseUrl, ({ kind, sweepId, runId }) => {
    const concerns = kind === 'resync' || (kind === 'control' && sweepId !== undefined && leases.holds(sweepId, runId));
    if (!concerns || wake !== undefined) return;
    wake = setTimeout(() => {
      wake = undefined;
      void leases.renewNow();
    }, WAKE_MS);
  });

  const attempts = new Set<Attempt>();
  /** Of those that have left their slots and write how they ended. */
  const endings = new Set<Promise<void>>();
  let draining = false;
  let consumer: RunConsumer | null = null;
  const gate = openGate(openRooms(machine.deviceOf), () => consumer, complain('the queue'));

  const consuming = await queue.consume(slots, async ({ runId, fence, traceparent = null }) => {
    // The scheduler's repair brings back a job that is dropped here.
    if (draining) throw new Error(`no slot for run ${runId}`);
    // While Postgres cannot be reached a slot holds one job, instead of using up the queue.
    await Promise.all(endings);
    const demand = await store.runs.demand(runId);
    if (demand === null) {
      log.debug({ runId, fence }, 'stale job dropped');
      return undefined;
    }
    const place = await gate.enter(shareOf(machine, demand), (free) => trainers.choose(free, demand.model));
    if (place === null) return 'later';
    const { slot } = place;
    try {
      await trainers.clear(place.clear);
      // Before the claim: a full disk then costs no attempt.
      const dir = await workDir.attempt();
      const claimSentAt = performance.now() / 1000;
      const run = await store.runs.claim(runId, fence, workerId);
      if (run === null) {
        log.debug({ runId, fence }, 'stale job dropped');
        await rm(dir, { recursive: true, force: true });
        return undefined;
      }
      const attempt = startAttempt(services, run, { slot, dir, claimSentAt, parent: traceparent });
      attempts.add(attempt);
      void attempt.done.then(() => attempts.delete(attempt));
      if (draining) attempt.stop('drained', 0);
      await attempt.freed;
      endings.add(attempt.done);
      void attempt.done.then(() => endings.delete(attempt.done));
      return undefined;
    } finally {
      gate.leave(slot);
    }
  });
  consumer = consuming;
  log.info({ workerId, slots, ...machine }, 'worker ready');

  return {
    async drain() {
      draining = true;
      trainers.close();
      const seconds = config.drainSeconds;
      log.info({ running: attempts.size, seconds }, 'draining');
      gate.close();
      const pausing = consuming.pause();
      for (const attempt of attempts) attempt.stop('drained', seconds * CHECKPOINT_SHARE);
      const cut = setTimeout(
        () => {
          for (const attempt of attempts) attempt.cutShort();
        },
        Math.max(0, seconds - RELEASE_SECONDS) * 1000,
      );
      await Promise.race([allDone(attempts).then(() => pausing), sleep(seconds * 1000)]);
      clearTimeout(cut);
      for (const attempt of attempts) attempt.kill();
      leases.close();
      clearInterval(heartbeat);
      clearTimeout(wake);
      // What does not close in time is left to the end of the process.
      await Promise.race([
        Promise.allSettled([store.workers.gone(workerId), listener.close(), consuming.close(true)])
          .then(() => Promise.allSettled([queue.close()]))
          .then(() => Promise.all([store.close(), tracing.close()])),
        sleep(RELEASE_SECONDS * 1000),
      ]).catch(complain('closing'));
      workDir.remove();
    },
    kill() {
      for (const attempt of attempts) attempt.kill();
      trainers.close();
    },
  };
}

async function allDone(attempts: ReadonlySet<Attempt>): Promise<void> {
  while (attempts.size > 0) await Promise.all([...attempts].map((attempt) => attempt.done)).then(() => sleep(0));
}
