import type { RunDetail, RunView, SweepView } from '@trawl/spec';
import type { Command } from 'commander';
import { type Context, UsageError } from '../context.js';
import { number, point } from '../render/numbers.js';
import { best, labelFit, ranking, runList, sweepDetail, sweepList } from '../render/tables.js';
import { resolveSweep } from '../resolve.js';

const SWEEP = 'id, part of an id, name, or latest';

/** Commands that only look. */
export function readCommands(program: Command, context: () => Context): void {
  program
    .command('ls')
    .description('list sweeps, newest first')
    .option('-n, --most <n>', 'at most so many', wholeNumber, 20)
    .action(async ({ most }: { most: number }) => {
      const ctx = context();
      const sweeps: SweepView[] = [];
      for await (const sweep of ctx.client().sweeps.list()) if (sweeps.push(sweep) >= most) break;
      ctx.show(sweeps, () => sweepList(sweeps));
    });

  program
    .command('show')
    .description('one sweep with its stages and runs')
    .argument('[sweep]', SWEEP, 'latest')
    .option('--runs', 'list its runs too')
    .action(async (given: string, options: { runs?: true }) => {
      const ctx = context();
      const client = ctx.client();
      const id = await resolveSweep(client, given);
      const sweep = await client.sweeps.get(id);
      const runs: RunView[] = [];
      if (options.runs) for await (const run of client.sweeps.runs(id)) runs.push(run);
      ctx.show(options.runs ? { ...sweep, runList: runs } : sweep, () =>
        options.runs ? `${sweepDetail(sweep)}\n\n${runList(runs)}` : sweepDetail(sweep),
      );
    });

  program
    .command('run')
    .description('one run: parameters, state, summary')
    .argument('<run>', 'id')
    .action(async (id: string) => {
      const ctx = context();
      const run = await ctx.client().runs.get(id);
      ctx.show(run, () => runDetail(run));
    });

  program
    .command('logs')
    .description('what a run said, all its attempts')
    .argument('<run>', 'id')
    .option('-n, --tail <n>', 'only the last so many lines', wholeNumber)
    .action(async (id: string, { tail }: { tail?: number }) => {
      const ctx = context();
      const { lines } = await ctx.client().runs.logs(id, { tail });
      ctx.show(
        lines,
        () => lines.map((l) => `${l.time} #${l.fence} ${l.level.padEnd(5)} ${l.message}`).join('\n') || '(no lines)',
      );
    });

  program
    .command('rank')
    .description('the cells of a stage in order of a metric, with statistics over seeds')
    .argument('[sweep]', SWEEP, 'latest')
    .option('--stage <name>', "by default the sweep's last search stage")
    .option('--metric <name>', "as val.label_mse; by default the stage's own")
    .option('--direction <min|max>', 'where better lies', direction)
    .option('--by <cell|PARAMETER>', 'the best cell of each value of a parameter')
    .action(
      async (given: string, query: { stage?: string; metric?: string; direction?: 'min' | 'max'; by?: string }) => {
        const ctx = context();
        const client = ctx.client();
        const answer = await client.sweeps.ranking(await resolveSweep(client, given), query);
        ctx.show(answer, () => ranking(answer));
      },
    );

  program
    .command('best')
    .description('the selected cell, why, and whether it really won')
    .argument('[sweep]', SWEEP, 'latest')
    .option('--stage <name>', "by default the sweep's last search stage")
    .option('--metric <name>', "by default the stage's own")
    .action(async (given: string, query: { stage?: string; metric?: string }) => {
      const ctx = context();
      const client = ctx.client();
      const answer = await client.sweeps.best(await resolveSweep(client, given), query);
      ctx.show(answer, () => best(answer));
    });

  program
    .command('label-fit')
    .description('how well held-out labels are predicted, pooled over seeds and splits of the data')
    .argument('[sweep]', SWEEP, 'latest')
    .option('--stage <name>', "by default the sweep's last search stage")
    .option('--split <val|test>', 'held-out frames of which split', 'test')
    .option('--over <PARAMETER>', 'pool its values too; by default rng_seed_data where the stage varies it')
    .action(async (given: string, { stage, split, over }: { stage?: string; split: string; over?: string }) => {
      if (split !== 'val' && split !== 'test') throw new UsageError(`--split "${split}": allowed are val and test`);
      const ctx = context();
      const client = ctx.client();
      const answer = await client.sweeps.labelFit(await resolveSweep(client, given), { stage, split, over });
      ctx.show(answer, () => labelFit(answer));
    });
}

export function wholeNumber(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new UsageError(`"${text}" is not a whole number of at least 1`);
  return n;
}

function direction(text: string): 'min' | 'max' {
  if (text === 'min' || text === 'max') return text;
  throw new UsageError(`--direction "${text}": allowed are min and max`);
}

function runDetail(run: RunDetail): string {
  const failure = run.failureClass === null ? '' : `, ${run.failureClass}: ${run.failureMessage ?? ''}`;
  return [
    `run ${run.id}  ${point(run.point)} seed ${run.seed}`,
    `${run.state}${failure}, epoch ${run.epoch ?? '-'} of ${run.epochs ?? '-'}, ${run.failures} failures`,
    `${run.model} ${run.modelVersion} on ${run.dataset.kind} ${run.datasetHash.slice(0, 12)}`,
    ...Object.entries(run.summary).map(([name, value]) => `  ${name.padEnd(36)} ${number(value)}`),
  ].join('\n');
}
