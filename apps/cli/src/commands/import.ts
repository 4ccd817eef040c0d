import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { catalog } from '@trawl/models/catalog';
import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import { z } from 'zod';
import { convertBehaveNet, type Converted } from '../behavenet/convert.js';
import { parseCommentJson } from '../behavenet/json.js';
import { type Context, UsageError } from '../context.js';
import { convertDdlp, type DdlpModel } from '../ddlp/convert.js';

/** Sweep specs from the files of other programs. */
export function importCommands(program: Command, context: () => Context): void {
  const command = program.command('import').description('make a sweep spec from the files of another program');
  const output = ['-o, --output <file>', 'write the spec there; a file that is there is kept'] as const;

  command
    .command('behavenet')
    .description('from ae_model.json, ae_training.json, a data file and, where they name one, an architecture file')
    .argument('<files...>', 'in any order')
    .option(...output)
    .action((paths: string[], given: { output?: string }) => {
      const files = paths.map((name) => ({ name, content: parseCommentJson(read(name), name) }));
      give(context(), convertBehaveNet(files, parametersOf), 'BehaveNet', given.output);
    });

  command
    .command('ddlp')
    .description('from configs/*.json of DDLP; lists are axes, several files are cells')
    .argument('<files...>', 'of one model')
    .addOption(new Option('--model <name>', 'by default dlp for shapes and *_img, else ddlp').choices(['dlp', 'ddlp']))
    .option(...output)
    .action((paths: string[], given: { output?: string; model?: DdlpModel }) => {
      const files = paths.map((name) => ({ name, content: parseJson(read(name), name) }));
      give(context(), convertDdlp(files, parametersOf, given.model), 'DDLP', given.output);
    });
}

function give(ctx: Context, { spec, notes }: Converted, from: string, output: string | undefined): void {
  const head = [`Made from files of ${from}: trawl submit --dry-run says what it would train.`, ...notes];
  const text = `${head.map((line) => `# ${line}\n`).join('')}${stringify(spec, { lineWidth: 0 })}`;
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
  if (output === undefined) return ctx.show({ spec, notes }, () => text.trimEnd());
  if (existsSync(output)) throw new UsageError(`${output} is there already; take another name`);
  writeFileSync(output, text);
  ctx.show({ spec, notes, output }, () => `wrote ${output}`);
}

function parseJson(text: string, name: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'holds no object';
    throw new UsageError(`${name}: ${why}; a config of DDLP is an object in JSON`);
  }
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
