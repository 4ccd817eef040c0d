import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { type Context, UsageError } from '../context.js';
import { gcReport, sweepDetail } from '../render/tables.js';
import { resolveSweep } from '../resolve.js';
import { wholeNumber } from './read.js';

const SWEEP = 'id, part of an id, name, or latest';

/** Commands that change a sweep. They take a sweep by name or id, never by default: what they do cannot be undone. */
export function controlCommands(program: Command, context: () => Context): void {
  program
    .command('refit')
    .description('train the best cells again with seeds not used before')
    .argument('<sweep>', SWEEP)
    .option('--top <n>', 'how many cells', wholeNumber, 2)
    .option('--seeds <n>', 'how many fresh seeds each', wholeNumber, 5)
    .action(async (given: string, body: { top: number; seeds: number }) => {
      const ctx = context();
      const client = ctx.client();
      const sweep = await client.sweeps.refit(await resolveSweep(client, given), body);
      ctx.show(sweep, () => sweepDetail(sweep));
    });

  const actions = [
    ['pause', 'let running runs write a checkpoint and wait'],
    ['resume', 'go on after a pause'],
    ['cancel', 'end it now; finished runs stay'],
  ] as const;
  for (const [action, description] of actions) {
    program
      .command(action)
      .description(description)
      .argument('[sweep]', SWEEP)
      .option('--run <id>', 'one run alone instead')
      .action(async (given: string | undefined, { run: id }: { run?: string }) => {
        const ctx = context();
        const client = ctx.client();
        if (id !== undefined && given === undefined) {
          const run = await client.runs[action](id);
          ctx.show(run, () => `${run.id} ${run.state}${run.paused === true ? ', paused' : ''}`);
          return;
        }
        if (given === undefined || id !== undefined) {
          throw new UsageError(`say what to ${action}: either a sweep (${SWEEP}), or --run ID`);
        }
        const sweep = await client.sweeps[action](await resolveSweep(client, given));
        ctx.show(sweep, () => sweepDetail(sweep));
      });
  }

  program
    .command('approve')
    .description('end a review: take the cell that the rule suggests, or another')
    .argument('<sweep>', SWEEP)
    .argument('<stage>', 'the stage that waits')
    .option('--cell <id>', 'another cell than the suggested one (trawl rank --json shows ids)')
    .option('--why <text>', 'the reason, kept with the decision', '')
    .action(async (given: string, stage: string, options: { cell?: string; why: string }) => {
      const ctx = context();
      const client = ctx.client();
      const sweep = await client.sweeps.approve(await resolveSweep(client, given), stage, {
        who: userInfo().username,
        why: options.why,
        ...(options.cell === undefined ? {} : { cellId: options.cell }),
      });
      ctx.show(sweep, () => sweepDetail(sweep));
    });

  program
    .command('retry')
    .description('queue a failed or cancelled run again')
    .argument('<run>', 'id')
    .action(async (id: string) => {
      const ctx = context();
      const run = await ctx.client().runs.retry(id);
      ctx.show(run, () => `${run.id} ${run.state}`);
    });

  program
    .command('delete')
    .description('delete a finished sweep with all its runs and files')
    .argument('<sweep>', SWEEP)
    .action(async (given: string) => {
      const ctx = context();
      const client = ctx.client();
      const id = await resolveSweep(client, given);
      await client.sweeps.delete(id);
      ctx.show({ deleted: id }, () => `deleted ${id}`);
    });

  program
    .command('gc')
    .description('free the disk of files that nobody needs any more: spent checkpoints, files that nothing names')
    .option('--dry-run', 'only say what would be freed')
    .action(async (options: { dryRun?: true }) => {
      const ctx = context();
      const report = await ctx.client().gc({ dryRun: options.dryRun === true });
      ctx.show(report, () => gcReport(report));
    });
}
