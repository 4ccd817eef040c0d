import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { catalog } from '@trawl/models/catalog';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { z } from 'zod';
import { convertBehaveNet } from '../behavenet/convert.js';
import { parseCommentJson } from '../behavenet/json.js';
import { type Context, UsageError } from '../context.js';

/** Sweep specs from the files of other programs. */
export function importCommands(program: Command, context: () => Context): void {
  program
    .command('import')
    .description('make a sweep spec from the files of another program')
    .command('behavenet')
    .description('from ae_model.json, ae_training.json, a data file and, where they name one, an architecture file')
    .argument('<files...>', 'in any order')
    .option('-o, --output <file>', 'write the spec there; a file that is there is kept')
    .action((paths: string[], { output }: { output?: string }) => {
      const ctx = context();
      const files = paths.map((name) => ({ name, content: parseCommentJson(read(name), name) }));
      const { spec, notes } = convertBehaveNet(files, parametersOf);
      const head = ['Made from files of BehaveNet: trawl submit --dry-run says what it would train.', ...notes];
      const text = `${head.map((line) => `# ${line}\n`).join('')}${stringify(spec, { lineWidth: 0 })}`;
      for (const note of notes) process.stderr.write(`note: ${note}\n`);
      if (output === undefined) return ctx.show({ spec, notes }, () => text.trimEnd());
      if (existsSync(output)) throw new UsageError(`${output} is there already; take another name`);
      writeFileSync(output, text);
      ctx.show({ spec, notes, output }, () => `wrote ${output}`);
    });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parametersOf(model: string): ReadonlySet<string> | null {
  const params = catalog.get(model)?.params;
  return params instanceof z.ZodObject ? new Set(Object.keys(params.shape)) : null;
}
