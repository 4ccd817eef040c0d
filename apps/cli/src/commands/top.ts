import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type Client, UnreachableError } from '@trawl/client';
import type { Command } from 'commander';
import { bell } from '../bell.js';
import { type Context, UsageError } from '../context.js';
import { untilSignal } from '../stack/signals.js';
import { draw, drawLine } from '../top/draw.js';
import { createLooker, type Looker, type Snapshot } from '../top/look.js';
import { takeScreen } from '../top/screen.js';

const SECONDS = 2;
/** Events come in bursts: no two looks are nearer. */
const BURST_MS = 500;
const TIMEOUT_MS = 10_000;
/** Where there is no terminal to ask. */
const COLUMNS = 120;

export function topCommand(program: Command, context: () => Context): void {
  program
    .command('top')
    .description('workers, slots, what waits and what runs, kept up to date; q or Ctrl-C leaves')
    .option(
      '--interval <seconds>',
      `how often to look; on a terminal ${SECONDS} by default, elsewhere once, or with it a line each time`,
      seconds,
    )
    .action(async ({ interval }: { interval?: number }) => {
      const ctx = context();
      const stop = new AbortController();
      const first = await createLooker(ctx.client({ signal: stop.signal })).look();
      const onTerminal = process.stdout.isTTY && !ctx.json;
      if (!onTerminal && interval === undefined) {
        ctx.show(first, () => draw(first, { columns: COLUMNS }));
        return;
      }
      // Not repeated: the next look comes soon in any case.
      const client = ctx.client({ timeoutMs: TIMEOUT_MS, retry: { attempts: 1 }, signal: stop.signal });
      const live: Live = { client, looker: createLooker(client), first, stop, ms: (interval ?? SECONDS) * 1_000 };
      void untilSignal().then((signal) => stop.abort(signal));
      await (onTerminal ? onScreen(live) : keepLooking(live, linewise(ctx.json ? JSON.stringify : drawLine)));
      if (stop.signal.reason !== KEY) process.exitCode = 130;
    });
}

/** Why it stops, where not by a signal. */
const KEY = 'key';

interface Live {
  client: Client;
  looker: Looker;
  first: Snapshot;
  /** Aborted by whoever leaves, with the reason. */
  stop: AbortController;
  ms: number;
}

interface View {
  show: (snapshot: Snapshot) => void;
  /** The service does not answer. */
  away: () => void;
  /** Wants to see what happens at once. */
  eager: boolean;
}

const AWAY = 'the service does not answer; waiting for it';

const linewise = (text: (snapshot: Snapshot) => string): View => ({
  show: (snapshot) => void process.stdout.write(`${text(snapshot)}\n`),
  away: () => void process.stderr.write(`trawl: ${AWAY}\n`),
  eager: false,
});

async function onScreen(live: Live): Promise<void> {
  let last = live.first;
  let note = '';
  const redraw = (): void => screen.show(draw(last, screen, note));
  const screen = takeScreen(process.stdout, process.stdin, {
    onKey: (key) => live.stop.abort(key === 'q' ? KEY : key),
    onResize: redraw,
  });
  try {
    await keepLooking(live, {
      show(snapshot) {
        last = snapshot;
        note = '';
        redraw();
      },
      away() {
        note = AWAY;
        redraw();
      },
      eager: true,
    });
  } finally {
    screen.restore();
  }
}

/** Until someone leaves, over restarts of the service. @throws UnreachableError when it is away for too long */
async function keepLooking({ client, looker, first, stop, ms }: Live, view: View): Promise<void> {
  const news = bell();
  let away = false;
  const isAway = (): void => {
    if (!away) view.away();
    away = true;
  };
  let broken: unknown;
  const following = follow(client, {
    signal: stop.signal,
    onReconnect: isAway,
    onEvent(type) {
      // A sweep that was finished may run again.
      if (type === 'sweep') looker.relist();
      if (view.eager) news.ring();
    },
  }).catch((error: unknown) => {
    broken = error;
    news.ring();
  });
  stop.signal.addEventListener('abort', news.ring);
  try {
    view.show(first);
    for (;;) {
      const began = performance.now();
      await news.wait(ms);
      // The events wait for a service that is away, and say when it has been for too long.
      if (broken !== undefined) throw broken;
      await sleep(BURST_MS - (performance.now() - began), undefined, { signal: stop.signal });
      const seen = await unlessAway(looker);
      if (seen === null) {
        isAway();
        continue;
      }
      away = false;
      view.show(seen);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    stop.abort();
    await following;
  }
}

async function follow(
  client: Client,
  { onEvent, ...options }: { signal: AbortSignal; onReconnect: () => void; onEvent: (type: string) => void },
): Promise<void> {
  for await (const { type } of client.events(options)) onEvent(type);
}

/** null where the service does not answer, or has trouble of its own. */
async function unlessAway(looker: Looker): Promise<Snapshot | null> {
  try {
    return await looker.look();
  } catch (error) {
    if (error instanceof UnreachableError || (error instanceof ApiError && error.status >= 500)) return null;
    throw error;
  }
}

function seconds(text: string): number {
  const n = Number(text);
  if (!(n >= 0.5 && n <= 3_600)) throw new UsageError(`--interval "${text}": allowed are seconds from 0.5 to 3600`);
  return n;
}
