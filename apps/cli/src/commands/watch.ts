import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type Client, UnreachableError } from '@trawl/client';
import { isSweepFinished, type SweepDetail } from '@trawl/spec';
import type { Command } from 'commander';
import { type Bell, bell } from '../bell.js';
import type { Context } from '../context.js';
import { progress } from '../render/progress.js';
import { counts } from '../render/tables.js';
import { resolveSweep } from '../resolve.js';
import { untilSignal } from '../stack/signals.js';

/** Events come in bursts: one look serves those of this time. */
const BURST_MS = 200;
/** Epochs are no events: how often they are looked at. */
const EPOCHS_MS = 5_000;

export function watchCommand(program: Command, context: () => Context): void {
  program
    .command('watch')
    .description('follow a sweep to its end, or to where it waits for you; Ctrl-C leaves it running')
    .argument('[sweep]', 'id, part of an id, name, or latest', 'latest')
    .action(async (sweep: string) => {
      const ctx = context();
      const client = ctx.client();
      await watchToEnd(ctx, client, await resolveSweep(client, sweep));
    });
}

/** Until Ctrl-C. The exit code says how it ended. */
export async function watchToEnd(ctx: Context, client: Client, id: string): Promise<void> {
  const left = new AbortController();
  void untilSignal().then(() => left.abort());
  const end = await watchSweep(ctx, client, id, left.signal);
  if (left.signal.aborted) process.exitCode = 130;
  else if (end.state === 'failed' || end.state === 'cancelled') process.exitCode = 1;
}

/**
 * Shows progress on stderr until the sweep is finished, paused or waits for review, over restarts of the service.
 * Leaving does not stop the sweep.
 */
export async function watchSweep(ctx: Context, client: Client, id: string, signal?: AbortSignal): Promise<SweepDetail> {
  let sweep = await client.sweeps.get(id);
  const display = progress(process.stderr);
  const stop = new AbortController();
  const stopping = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const news = bell();
  stopping.addEventListener('abort', news.ring);
  const following = follow(client, id, stopping, news);
  // It may fail while nobody waits for it; the next wait hears of it.
  following.catch(() => undefined);
  try {
    display.show(sweep);
    while (!stopping.aborted && !settled(sweep)) {
      // Events that cannot be followed any longer say why.
      await Promise.race([news.wait(EPOCHS_MS), following]);
      await sleep(BURST_MS);
      sweep = await client.sweeps.get(id).catch((error: unknown) => {
        // The events wait for a service that is away, and say when it has been for too long.
        if (error instanceof UnreachableError || (error instanceof ApiError && error.status >= 500)) return sweep;
        throw error;
      });
      display.show(sweep);
    }
  } finally {
    stop.abort();
    display.stop();
    await following.catch(() => undefined);
  }
  ctx.show(sweep, () => `${sweep.name} ${sweep.state}: ${counts(sweep.runs)}`);
  return sweep;
}

/** Rings for every event until `signal` aborts. */
async function follow(client: Client, id: string, signal: AbortSignal, { ring }: Bell): Promise<void> {
  let away = false;
  const onReconnect = (): void => {
    if (!away) process.stderr.write('trawl: the service does not answer; waiting for it\n');
    away = true;
  };
  for await (const _ of client.sweeps.events(id, { signal, onReconnect })) {
    away = false;
    ring();
  }
}

const settled = ({ state }: SweepDetail): boolean =>
  isSweepFinished(state) || state === 'awaiting_review' || state === 'paused';
