import { FIGURE_FORMATS, FigureFault, hasFfmpeg, type Job, MEDIA_TYPES, MOVIE_FORMATS } from '@trawl/figures/renderer';
import type { FigureView } from '@trawl/spec';
import { parameterProblem, ProblemError } from '../../problems.js';
import { Drawings } from './cache.js';
import type { FigureKind, FigureOptions } from './kinds.js';

type Format = keyof typeof MEDIA_TYPES;

export interface Served {
  status: 200 | 304;
  headers: Record<string, string>;
  bytes: Uint8Array | null;
}

/** Raised when a figure would look different from the same data: what is kept by the old key is not taken for it. */
const EDITION = 1;

/** All figures of a sweep or run, and why some cannot be drawn now. */
export async function figureViews<S>(kinds: readonly FigureKind<S>[], subject: S): Promise<FigureView[]> {
  return Promise.all(
    kinds.map(async (kind) => {
      const { name, title, description, options } = kind;
      const formats = await formatsOf(kind);
      return {
        name,
        title,
        description,
        kind: kind.kind,
        formats: [...formats],
        options: [...options],
        missing: await missing(kind, subject),
      };
    }),
  );
}

async function missing<S>(kind: FigureKind<S>, subject: S): Promise<string | null> {
  try {
    await kind.prepare(subject, {});
    return null;
  } catch (error) {
    if (error instanceof ProblemError) return error.message;
    throw error;
  }
}

const formatsOf = async ({ kind }: { kind: FigureView['kind'] }): Promise<readonly Format[]> =>
  kind === 'figure' ? FIGURE_FORMATS : (await hasFfmpeg()) ? MOVIE_FORMATS : ['gif'];

/**
 * The figure that a file name as `search-results.svg` names, or word that the client has it.
 * @throws ProblemError 404 listing names or formats, 400 for an option, 409 where there is nothing to draw yet
 */
export async function figureFile<S>(
  kinds: readonly FigureKind<S>[],
  subject: S,
  file: string,
  options: FigureOptions,
  ifNoneMatch: string | undefined,
  drawings: Drawings,
): Promise<Served> {
  const { kind, format } = await named(kinds, file);
  for (const [option, given] of Object.entries(options)) {
    if (given === undefined || kind.options.some((each) => each === option)) continue;
    throw parameterProblem(option, `${kind.name} does not take it`, given, kind.options.join(', ') || 'no parameter');
  }
  const { key, load } = await kind.prepare(subject, options);
  const hash = Drawings.keyOf([EDITION, kind.name, format, key]);
  const etag = `"${hash}"`;
  const headers = {
    etag,
    'content-type': MEDIA_TYPES[format],
    'content-disposition': `inline; filename="${kind.name}.${format}"`,
    'cache-control': 'private, no-cache',
    'content-security-policy': "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox",
  };
  if (ifNoneMatch?.split(',').some((each) => each.trim().replace(/^W\//, '') === etag))
    return { status: 304, headers, bytes: null };
  // Figures have formats of figures, movies of movies: `named` has seen to it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const job = async (): Promise<Job> => ({ ...(await load()), format }) as Job;
  return { status: 200, headers, bytes: await drawOrRefuse(() => drawings.draw(hash, job)) };
}

/** What the drawing finds wrong with an option is the caller's mistake. */
export async function drawOrRefuse(draw: () => Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await draw();
  } catch (error) {
    if (error instanceof FigureFault)
      throw parameterProblem(error.option, 'not in the data', error.given, error.allowed);
    throw error;
  }
}

async function named<S>(
  kinds: readonly FigureKind<S>[],
  file: string,
): Promise<{ kind: FigureKind<S>; format: Format }> {
  const dot = file.lastIndexOf('.');
  const [name, extension] = dot < 0 ? [file, ''] : [file.slice(0, dot), file.slice(dot + 1)];
  const kind = kinds.find((each) => each.name === name);
  if (kind === undefined) {
    throw new ProblemError(
      'not-found',
      `There is no figure ${name}; figures are ${kinds.map((each) => each.name).join(', ')}.`,
    );
  }
  const formats = await formatsOf(kind);
  const format = formats.find((each) => each === extension);
  if (format !== undefined) return { kind, format };
  const lacking =
    kind.kind === 'movie' && MOVIE_FORMATS.some((each) => each === extension)
      ? ' (the others need an ffmpeg on the PATH of the api)'
      : '';
  const given = extension === '' ? 'without a format' : `as ${extension}`;
  throw new ProblemError(
    'not-found',
    `There is no ${name} ${given}; formats are ${formats.map((each) => `${name}.${each}`).join(', ')}${lacking}.`,
  );
}
