import { rm } from 'node:fs/promises';
import { assertNever, FromTrainer, type StartMessage } from '@trawl/spec';
import type { ClaimedRun, Store, StoredArtifact } from '@trawl/store';
import type { Tracing } from '@trawl/tracing';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import { openAttemptSpans } from './attemptSpans.js';
import { openAttemptLog } from './attemptLog.js';
import { openDelivery } from './delivery.js';
import { fencedWriter, RunLost } from './fenced.js';
import type { FileCache } from './fileCache.js';
import type { LeaseKeeper } from './lease.js';
import { decideOutcome, type KillReason, type Outcome, type Result, stopped, type StopReason } from './outcome.js';
import { prepare } from './prepare.js';
import { DamagedCheckpoint, fromNewestWhole } from './resume.js';
import type { Trainers, Training } from './trainers.js';
import { FileLost, type Transfers } from './transfer.js';
import { overdue, type Watched } from './watchdog.js';

export interface AttemptServices {
  config: Config;
  store: Pick<Store, 'runs' | 'metrics'>;
  leases: LeaseKeeper;
  trainers: Trainers;
  transfers: Transfers;
  cache: FileCache;
  tracing: Tracing;
  log: Logger;
}

/** One try of a run by this worker, from its claim to its end. */
export interface Attempt {
  /** Its trainer is released and its files are stored: the slot may take another run. Never rejects, nor does `done`. */
  freed: Promise<void>;
  done: Promise<void>;
  /** Asks the trainer to checkpoint and stop; kills it after `graceSeconds`. */
  stop(reason: StopReason, graceSeconds: number): void;
  /** Kills the trainer and gives up what is not uploaded; the run is still released. */
  cutShort(): void;
  /** Kills the trainer and does no more. */
  kill(): void;
}

const WATCH_MS = 250;
/** Messages waiting for the database or the api. An honest trainer sends tens a second. */
const LARGEST_BACKLOG = 100_000;

const now = (): number => performance.now() / 1000;
const crash = (message: string): KillReason => ({ kind: 'failed', failure: { failure: 'crashed', message } });

/**
 * @param place.dir an empty folder, removed at the end
 * @param place.parent trace context of its way here, or null
 * @param place.claimSentAt monotonic seconds at which the claim was sent: the lease counts from there
 */
export function startAttempt(
  services: AttemptServices,
  run: ClaimedRun,
  place: { slot: number; dir: string; claimSentAt: number; parent: string | null },
): Attempt {
  const { config, store, leases, trainers, transfers, cache } = services;
  const { runId, fence } = run;
  const { dir } = place;
  const log = services.log.child({ runId, fence });

  const spans = openAttemptSpans(services.tracing, run, place);
  const lost = new AbortController();
  /** Aborted when transfers should be given up although the run is still ours. */
  const hurry = new AbortController();
  const transferring = AbortSignal.any([lost.signal, hurry.signal]);

  let trainer: Training | null = null;
  let result: Result | null = null;
  let killed: KillReason | null = null;
  let asked: StopReason | null = null;
  const watched: Watched = {
    startedAt: now(),
    ready: false,
    steppedAt: now(),
    stopBy: null,
    resultAt: null,
    stallSeconds: run.stallMinutes * 60,
    timeoutSeconds: run.timeoutMinutes === null ? null : run.timeoutMinutes * 60,
  };

  const kill = (why: KillReason): void => {
    // What could not be stored outweighs everything: a result without its files is none.
    if (killed === null || why.kind === 'failed') killed = why;
    trainer?.kill();
  };
  const stop = (reason: StopReason, graceSeconds: number): void => {
    watched.stopBy = Math.min(watched.stopBy ?? Infinity, now() + graceSeconds);
    if (asked !== null) return;
    asked = reason;
    log.info({ reason }, 'stopping');
    if (trainer === null) hurry.abort(new Error('stopped before training began'));
    else trainer.stop({ type: 'stop', reason });
  };

  const lease = leases.hold({ runId, fence, sweepId: run.sweepId }, place.claimSentAt, {
    onLost(why) {
      trainer?.kill();
      lost.abort(why);
      log.warn({ why }, 'run lost: trainer killed, nothing more is written');
    },
    onPaused: () => stop('paused', config.stopSeconds),
  });
  const onRetry = (what: string, error: unknown): void => log.warn({ what, error: String(error) }, 'trying again');
  const { write } = fencedWriter(lease, lost.signal, onRetry);
  const delivery = openDelivery({
    run,
    dir,
    store,
    transfers,
    lease,
    write,
    signal: transferring,
    onError: (error) => kill(crash(`what the trainer sent could not be stored: ${String(error)}`)),
  });

  const said = openAttemptLog({
    run,
    dir,
    signal: transferring,
    onError: (error) => onRetry('log', error),
    async upload(file, signal) {
      if (!lease.alive()) throw new RunLost('before an upload');
      if ((await transfers.upload(file, signal)) === 'stored') return;
      lease.lose('the api refused its log: another attempt holds the run, or it is cancelled');
      throw new RunLost('at an upload');
    },
  });

  const onMessage = (raw: unknown): void => {
    if (transferring.aborted || killed?.kind === 'failed') return;
    const parsed = FromTrainer.safeParse(raw);
    if (!parsed.success)
      return kill(crash(`the trainer sent what is no message: ${parsed.error.message.slice(0, 500)}`));
    if (delivery.backlog > LARGEST_BACKLOG) {
      return kill(crash(`the trainer sent ${LARGEST_BACKLOG} messages faster than they could be stored`));
    }
    const message = parsed.data;
    switch (message.type) {
      case 'ready': {
        const startSeconds = Number((now() - watched.startedAt).toFixed(3));
        const info = { ...message.info, warm: trainer?.warm ?? false, startSeconds };
        log.info(info, 'trainer ready');
        watched.ready = true;
        watched.steppedAt = now();
        return delivery.accept({ ...message, info });
      }
      case 'progress':
      case 'metrics':
      case 'checkpoint':
      case 'artifact':
        watched.steppedAt = now();
        return delivery.accept(message);
      case 'span':
        return spans.ofTrainer(message);
      case 'log':
        return said.write(message.level, message.message);
      case 'succeeded':
      case 'failed':
      case 'stopped':
      case 'unreadable':
        result ??= message;
        watched.resultAt ??= now();
        return;
      case 'idle':
        // Heard by whoever keeps the process.
        return;
      default:
        return assertNever(message);
    }
  };

  const watch = (): void => {
    switch (overdue(watched, now())) {
      case 'exit':
        return kill({ kind: 'lingering' });
      case 'stop':
        return kill({ kind: 'unstopped' });
      case 'start':
        return kill({ kind: 'stalled', message: 'the trainer did not open its backend in time' });
      case 'stall':
        return kill({ kind: 'stalled', message: `no step for ${run.stallMinutes} minutes` });
      case 'timeout':
        return stop('timeout', config.stopSeconds);
      case null:
        return;
    }
  };

  /** Runs the trainer to its end and delivers all that it sent. */
  const train = async (start: StartMessage, checkpoint: StoredArtifact | null): Promise<Outcome> => {
    watched.startedAt = watched.steppedAt = now();
    watched.ready = false;
    const traceparent = spans.next('trainer');
    const training = await trainers.train(
      place.slot,
      { ...start, traceparent },
      {
        onMessage,
        onOutput: (from, line) => said.write(from === 'stdout' ? 'info' : 'warn', line),
      },
    );
    trainer = training;
    // What came while the slot's old process ended found nobody to stop.
    if (lost.signal.aborted || killed !== null) training.kill();
    else if (asked !== null) training.stop({ type: 'stop', reason: asked });
    const { pid, warm } = training;
    log.info({ trainer: pid, warm, slot: place.slot, from: checkpoint?.step ?? null }, 'training');
    const watchdog = setInterval(watch, WATCH_MS);
    const { exit, output } = await training.ended;
    clearInterval(watchdog);
    spans.next('finish');
    await delivery.settled();
    const outcome = decideOutcome({ result, killed, stop: asked, exit, output });
    if (outcome.kind === 'unreadable') throw new DamagedCheckpoint(outcome.message);
    return outcome;
  };

  /** Takes a damaged checkpoint away, for another try from the one before. */
  const giveUp = async ({ id, step }: StoredArtifact, why: string): Promise<StoredArtifact | null> => {
    trainer?.release(false);
    trainer = result = killed = watched.resultAt = null;
    const { checkpoint } = await write('checkpoint', () => store.runs.dropCheckpoint(runId, fence, id));
    const goesOn = checkpoint === null ? 'starting from scratch' : `going on from step ${checkpoint.step}`;
    log.warn({ step, why }, `checkpoint damaged, ${goesOn}`);
    said.write('warn', `the checkpoint of step ${step} is damaged (${why}): ${goesOn}`);
    return checkpoint;
  };

  const tryRun = async (): Promise<Outcome> => {
    if (run.weightsWanted && run.weights === null) {
      // From scratch it would be another experiment under the same name.
      const message = 'the run that it starts from left no such file of weights';
      return { kind: 'failed', failure: { failure: 'invalid_data', message } };
    }
    const attempt = async (checkpoint: StoredArtifact | null): Promise<Outcome> => {
      spans.next('prepare');
      const start = await prepare({ config, transfers, cache, run, checkpoint, dir, signal: transferring });
      return asked === null && lease.alive() ? train(start, checkpoint) : stopped(asked ?? 'drained');
    };
    try {
      return await fromNewestWhole(run.checkpoint, { attempt, giveUp });
    } catch (error) {
      if (asked !== null) return stopped(asked);
      const failure = error instanceof FileLost ? 'invalid_data' : 'crashed';
      return { kind: 'failed', failure: { failure, message: `could not be started: ${String(error)}` } };
    }
  };

  const record = async (outcome: Outcome): Promise<void> => {
    lease.ending();
    switch (outcome.kind) {
      case 'succeeded':
        await write('summary', () => store.runs.succeed(runId, fence, outcome.summary));
        return;
      case 'failed': {
        const { failure, message } = outcome.failure;
        await write('failure', () => store.runs.fail(runId, fence, failure, message));
        return;
      }
      case 'released':
        await write('release', () => store.runs.release(runId, fence, outcome.reason));
        return;
      default:
        assertNever(outcome);
    }
  };

  const left = new AbortController();
  const leaveSlot = (keepTrainer: boolean): void => {
    trainer?.release(keepTrainer);
    // What happens to this attempt from here on must not kill what is another's.
    trainer = null;
    left.abort();
  };

  const live = async (): Promise<void> => {
    let end: Outcome | null = null;
    try {
      const outcome = await tryRun();
      if (outcome.kind === 'failed') said.write('error', `${outcome.failure.failure}: ${outcome.failure.message}`);
      await said.finish().catch((error: unknown) => {
        if (!lost.signal.aborted) log.warn({ error: String(error) }, 'the end of the log is not uploaded');
      });
      // Of a paused one the process stays too: it or another resumes in milliseconds.
      leaveSlot(outcome.kind === 'succeeded' || result?.type === 'stopped');
      await record(outcome);
      end = outcome;
      log.info(outcome.kind === 'succeeded' ? { kind: outcome.kind } : outcome, 'attempt ended');
    } catch (error) {
      // The reaper finds it when its lease ends.
      if (!(error instanceof RunLost))
        log.error({ error: String(error) }, 'the end of the attempt could not be written');
    } finally {
      spans.end(end);
      lease.drop();
      leaveSlot(false);
      delivery.abandon();
      await rm(dir, { recursive: true, force: true }).catch((error: unknown) =>
        log.warn({ error: String(error) }, 'work folder left'),
      );
    }
  };

  return {
    done: live(),
    freed: new Promise((resolve) => left.signal.addEventListener('abort', () => resolve())),
    stop,
    cutShort() {
      asked ??= 'drained';
      // A result whose files are not all uploaded is none.
      if (delivery.backlog > 0) result = null;
      kill({ kind: 'unstopped' });
      hurry.abort(new Error('no time left'));
      delivery.abandon();
    },
    kill: () => kill({ kind: 'unstopped' }),
  };
}
