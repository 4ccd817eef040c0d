import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UnreachableError } from '@trawl/client';
import type { Command } from 'commander';
import { type Context, UsageError } from '../context.js';
import { resolveSweep } from '../resolve.js';

const FORMATS = ['csv', 'json', 'tensorboard', 'behavenet'] as const;
const WHATS = ['runs', 'curves'] as const;

interface Options {
  format: (typeof FORMATS)[number];
  what: (typeof WHATS)[number];
  output?: string;
}

export function exportCommand(program: Command, context: () => Context): void {
  program
    .command('export')
    .description('take the results of a sweep away, as a table, JSON or event files of TensorBoard')
    .argument('[sweep]', 'id, part of an id, name, or latest', 'latest')
    .option(
      '--format <csv|json|tensorboard|behavenet>',
      'tensorboard, behavenet: a tar with a folder a run',
      oneOf(FORMATS),
      'csv',
    )
    .option(
      '--what <runs|curves>',
      'runs with parameters and final numbers, or all that was reported',
      oneOf(WHATS),
      'runs',
    )
    .option('-o, --output <file>', 'where to; by default standard output')
    .action(async (given: string, { format, what, output }: Options) => {
      const ctx = context();
      const client = ctx.client();
      if (output === undefined && (format === 'tensorboard' || format === 'behavenet') && process.stdout.isTTY) {
        throw new UsageError('a tar is nothing to read on a terminal: give --output FILE, or redirect it');
      }
      const { body } = await client.sweeps.export(await resolveSweep(client, given), { format, what });
      if (body === null) throw new Error('the service sent nothing');
      const content = Readable.fromWeb(body);
      if (output === undefined) {
        await pipeline(content, process.stdout, { end: false }).catch(brokenOff);
      } else {
        await writeWhole(content, output);
        ctx.show({ file: output, format, what }, () => `wrote ${output}`);
      }
    });
}

/** The file appears when all of it is there. */
async function writeWhole(content: Readable, path: string): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await pipeline(content, createWriteStream(partial)).catch(brokenOff);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

/** fetch says of an answer that breaks off only that it is terminated. */
function brokenOff(error: unknown): never {
  throw error instanceof TypeError ? new UnreachableError('the answer broke off', { cause: error }) : error;
}

const oneOf =
  <T extends string>(allowed: readonly T[]) =>
  (text: string): T => {
    const found = allowed.find((each) => each === text);
    if (found !== undefined) return found;
    throw new UsageError(`"${text}": allowed are ${allowed.join(', ')}`);
  };
