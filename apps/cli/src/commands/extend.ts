import { ExtendBody, faultsOf } from '@trawl/spec';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { type Context, UsageError } from '../context.js';
import { sweepDetail } from '../render/tables.js';
import { resolveSweep } from '../resolve.js';

interface Options {
  stage?: string;
  values: Record<string, unknown>;
  seeds?: number | number[];
}

export function extendCommand(program: Command, context: () => Context): void {
  program
    .command('extend')
    .description('give a stage more values or seeds; what was built on its selection is decided again')
    .argument('<sweep>', 'id, part of an id, name, or latest')
    .option('--stage <name>', 'by default the last search that has begun')
    .option(
      '--values <NAME=LIST>',
      'further values, as beta=20,40 or beta="{ range: [20, 40, 5] }"; may come again',
      axis,
      {},
    )
    .option('--seeds <N|LIST>', 'so many more seeds, as 3, or these, as 7,8', seeds)
    .action(async (given: string, { stage, values, seeds: more }: Options) => {
      const ctx = context();
      const client = ctx.client();
      const body = checked({
        ...(stage === undefined ? {} : { stage }),
        ...(Object.keys(values).length === 0 ? {} : { values }),
        ...(more === undefined ? {} : { seeds: more }),
      });
      const sweep = await client.sweeps.extend(await resolveSweep(client, given), body);
      ctx.show(sweep, () => sweepDetail(sweep));
    });
}

/** As the service checks it, so that what is wrong on its face is said at once and as a wrong command. */
function checked(body: unknown): ExtendBody {
  const parsed = ExtendBody.safeParse(body);
  if (parsed.success) return parsed.data;
  const faults = faultsOf(parsed.error, body, ExtendBody);
  throw new UsageError(
    faults
      .map(({ path, message, allowed }) => `${path}: ${message}; allowed: ${allowed}`.replace(/^: /, ''))
      .join('\n'),
  );
}

/** A list without its brackets, or any form of an axis that a spec takes. */
function axis(text: string, before: Record<string, unknown>): Record<string, unknown> {
  const [, name = '', form = ''] = /^\s*([^=\s]+)\s*=(.*)$/s.exec(text) ?? [];
  if (name === '') throw new UsageError(`--values "${text}": allowed is NAME=LIST, as beta=20,40`);
  const list = /^\s*[[{]/.test(form) ? form : `[${form}]`;
  try {
    const value: unknown = parse(list);
    return { ...before, [name]: value };
  } catch (error) {
    throw new UsageError(`--values "${text}": ${error instanceof Error ? error.message : String(error)}`);
  }
}

function seeds(text: string): number | number[] {
  const numbers = text.split(',').map((each) => (/^\s*\d+\s*$/.test(each) ? Number(each) : Number.NaN));
  if (numbers.some((each) => Number.isNaN(each))) {
    throw new UsageError(`--seeds "${text}": allowed is a number of seeds, as 3, or a list of them, as 7,8`);
  }
  return text.includes(',') ? numbers : (numbers[0] ?? 0);
}
