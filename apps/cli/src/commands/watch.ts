import type { Client } from '@trawl/client';
import { isSweepFinished, type SweepDetail } from '@trawl/spec';
import type { Command } from 'commander';
import type { Context } from '../context.js';
import { progress } from '../render/progress.js';
import { counts } from '../render/tables.js';
import { resolveSweep } from '../resolve.js';

const POLL_MS = 1_000;

export function watchCommand(program: Command, context: () => Context): void {
  program
    .command('watch')
    .description('follow a sweep to its end, or to where it waits for you')
    .argument('[sweep]', 'id, part of an id, name, or latest', 'latest')
    .action(async (sweep: string) => {
      const ctx = context();
      const client = ctx.client();
      const end = await watchSweep(ctx, client, await resolveSweep(client, sweep));
      if (end.state === 'failed' || end.state === 'cancelled') process.exitCode = 1;
    });
}

/** Shows progress on stderr until the sweep is finished, paused or waits for review. Leaving does not stop the sweep. */
export async function watchSweep(ctx: Context, client: Client, id: string, signal?: AbortSignal): Promise<SweepDetail> {
  const display = progress(process.stderr);
  try {
    for (;;) {
      const sweep = await client.sweeps.get(id);
      display.show(sweep);
      if (
        signal?.aborted ||
        isSweepFinished(sweep.state) ||
        sweep.state === 'awaiting_review' ||
        sweep.state === 'paused'
      ) {
        display.stop();
        ctx.show(sweep, () => `${sweep.name} ${sweep.state}: ${counts(sweep.runs)}`);
        return sweep;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    display.stop();
  }
}
