import { readFileSync } from 'node:fs';
import type { Client } from '@trawl/client';
import { applySmoke, type DryRun, parseSweepText } from '@trawl/spec';
import type { Command } from 'commander';
import { type Context, UsageError } from '../context.js';
import { point } from '../render/numbers.js';
import { watchToEnd } from './watch.js';

interface Options {
  dryRun?: true;
  smoke?: true;
  watch?: true;
}

export function submitCommand(program: Command, context: () => Context): void {
  program
    .command('submit')
    .description('check a sweep spec (YAML or JSON; - reads standard input) and start it')
    .argument('<file>', 'the spec, as sweeps/psvae-staged.yaml')
    .option('--dry-run', 'only check it and show its cells')
    .option('--smoke', "with the spec's own `smoke` override: tiny data, to try it out")
    .option('--watch', 'follow it to its end')
    .action(async (file: string, options: Options) => {
      const ctx = context();
      const client = ctx.client();
      const { text, mediaType } = readSpec(file, options.smoke === true);
      if (options.dryRun) {
        const plan = await client.sweeps.dryRun(text, mediaType);
        ctx.show(plan, () => dryRun(plan));
        return;
      }
      const sweep = await client.sweeps.submit(text, mediaType);
      // One answer: with --json and --watch that of the end.
      if (!ctx.json || !options.watch) ctx.show(sweep, () => `submitted ${sweep.name}: ${sweep.id}`);
      if (options.watch) await watchToEnd(ctx, client, sweep.id);
      else if (!ctx.json) process.stdout.write(`follow it: trawl watch ${sweep.id}\n`);
    });
}

type Spec = { text: string; mediaType: Parameters<Client['sweeps']['submit']>[1] };

/** The file as it stands: the service judges it, so that CLI and curl get the same answers. */
export function readSpec(file: string, smoke: boolean): Spec {
  const json = file.endsWith('.json');
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!smoke) return { text, mediaType: json ? 'application/json' : 'application/yaml' };
  const parsed = parseSweepText(text, json ? 'json' : 'yaml');
  if (!parsed.ok) throw new UsageError(parsed.faults.map((fault) => fault.message).join('\n'));
  return { text: JSON.stringify(applySmoke(parsed.value)), mediaType: 'application/json' };
}

function dryRun(plan: DryRun): string {
  const SHOWN = 50;
  const stages = plan.stages.flatMap((stage) => [
    `${stage.name} (${stage.kind}): ${stage.cells} cells, ${stage.runs} runs${stage.note === null ? '' : `; ${stage.note}`}`,
    ...stage.points.slice(0, SHOWN).map((cell) => `  ${point(cell)}`),
    ...(stage.points.length > SHOWN ? [`  ... and ${stage.cells - SHOWN} more`] : []),
  ]);
  return [`${plan.name}: ${plan.runs} runs, nothing stored`, ...stages].join('\n');
}
