import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { ApiError, type Client, type FigureSubject } from '@trawl/client';
import type { FigureView, SweepDetail } from '@trawl/spec';
import type { Command } from 'commander';
import { type Context, UsageError } from '../context.js';
import { resolveSweep } from '../resolve.js';

const SWEEP = 'id, part of an id, name, or latest';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

interface FigureFlags {
  output?: string;
  [option: string]: string | undefined;
}

/** Figures, movies and review sheets, to files. */
export function figureCommands(program: Command, context: () => Context): void {
  program
    .command('figure')
    .description('draw a figure or movie of a sweep or run to a file; without a name, list what there is')
    .argument('<sweep|run>', `sweep: ${SWEEP}; run: id`)
    .argument('[name]', 'as search-results, or search-results.png')
    .option('-o, --output <file>', 'its ending says the format (svg, png; gif, mp4, webm); - is standard output')
    .option('--stage <name>', 'by default the last search with a finished run')
    .option('--split <train|val|test>', 'by default val')
    .option('--hue <parameter>', 'training-curves: what colours tell')
    .option('--metric <name>', "heatmap: as val.label_mse; by default the stage's own")
    .option('--x <parameter>', 'heatmap: across')
    .option('--y <parameter>', 'heatmap: upwards')
    .option('--by <parameter>', 'comparison-movie: side by side')
    .option('--base <n>', 'traversals, movies, glimpses: the base frame, image or clip, from 0')
    .option('--trials <list>', 'label-reconstructions: as 3,17')
    .option('--latents <unsupervised|all>', 'comparison-movie')
    .option('--seed <n>', 'comparison-movie: of each cell')
    .action(async (given: string, name: string | undefined, { output, ...query }: FigureFlags) => {
      const ctx = context();
      const client = ctx.client();
      const { of, id, figures } = await subjectOf(client, given);
      if (name === undefined) return ctx.show(figures, () => figureList(figures));
      const { file, path } = targetOf(name, output, figures);
      await save(ctx, path, await client.figures.get(of, id, file, query));
    });

  program
    .command('review')
    .description('write the review sheet of a stage: its cells side by side, in one HTML file')
    .argument('<sweep>', SWEEP)
    .argument('[stage]', 'by default the one that waits for review, else the last search that is done')
    .option('-o, --output <file>', '- is standard output', 'review.html')
    .action(async (given: string, stage: string | undefined, { output }: { output: string }) => {
      const ctx = context();
      const client = ctx.client();
      const id = await resolveSweep(client, given);
      const name = stage ?? stageToReview(await client.sweeps.get(id));
      await save(ctx, output, await client.figures.review(id, name));
    });
}

/** A run has no name: only a whole id can be one. */
async function subjectOf(
  client: Client,
  given: string,
): Promise<{ of: FigureSubject; id: string; figures: FigureView[] }> {
  if (!UUID.test(given)) {
    const id = await resolveSweep(client, given);
    return { of: 'sweep', id, figures: await client.figures.list('sweep', id) };
  }
  try {
    return { of: 'sweep', id: given, figures: await client.figures.list('sweep', given) };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
  try {
    return { of: 'run', id: given, figures: await client.figures.list('run', given) };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    throw new UsageError(`there is no sweep and no run ${given}`);
  }
}

/** What to ask for and where to put it: the format is the file's ending, else the name's, else the figure's first. */
function targetOf(
  name: string,
  output: string | undefined,
  figures: readonly FigureView[],
): { file: string; path: string } {
  const ending = extname(name);
  const bare = ending === '' ? name : name.slice(0, -ending.length);
  const wanted = output === undefined || output === '-' ? '' : extname(output);
  const first = figures.find((figure) => figure.name === bare)?.formats[0] ?? 'svg';
  const file = `${bare}${wanted || ending || `.${first}`}`;
  return { file, path: output ?? file };
}

function stageToReview({ name, stages }: SweepDetail): string {
  const waiting = stages.find(({ state }) => state === 'awaiting_review');
  const done = stages.findLast(({ kind, state }) => kind === 'search' && state === 'done');
  const stage = waiting ?? done;
  if (stage === undefined)
    throw new UsageError(`no stage of ${name} waits for review or is done: name one (trawl show)`);
  return stage.name;
}

async function save(ctx: Context, path: string, bytes: Uint8Array): Promise<void> {
  if (path === '-') {
    process.stdout.write(bytes);
    return;
  }
  try {
    await writeFile(path, bytes);
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
  ctx.show({ file: path, bytes: bytes.length }, () => `wrote ${path} (${bytes.length} bytes)`);
}

function figureList(figures: readonly FigureView[]): string {
  return figures
    .map(({ name, description, formats, options, missing }) => {
      const takes = options.length === 0 ? '' : `\n    takes ${options.map((option) => `--${option}`).join(' ')}`;
      return `${name} (${formats.join(', ')})\n    ${description}${takes}${missing === null ? '' : `\n    not yet: ${missing}`}`;
    })
    .join('\n');
}
