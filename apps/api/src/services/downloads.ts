import type { Readable } from 'node:stream';
import { found, ProblemError } from '../problems.js';
import { byteRange } from './ranges.js';
import type { Services } from './services.js';

/** What a client may be shown in place; anything else is offered for saving. */
const SHOWN = /^(image\/|video\/|text\/plain|text\/csv|application\/json|application\/jsonl)/;

/** Headers of a request. */
export interface Conditions {
  range?: string | undefined;
  'if-range'?: string | undefined;
  'if-none-match'?: string | undefined;
}

export interface Download {
  status: 200 | 206 | 304;
  headers: Record<string, string>;
  stream: Readable | null;
}

/** What is to be served. */
export interface Served {
  sha256: string;
  size: number;
  name: string;
  mediaType: string;
  open(range?: { start: number; end: number }): Promise<Readable>;
}

/** A file of a run or of none. */
export async function downloadArtifact(id: string, conditions: Conditions, services: Services): Promise<Download> {
  const artifact = found(await services.store.artifacts.get(id), 'artifact', id);
  const open: Served['open'] = async (range) => {
    const file = await services.files.open(artifact.sha256, range);
    if (file === null) throw new ProblemError('file-lost', `The file of artifact ${id} is not there.`);
    if (range === undefined && file.size !== artifact.size) {
      file.stream.destroy();
      const recorded = `recorded: ${artifact.size}`;
      throw new ProblemError('file-lost', `The file of artifact ${id} has ${file.size} bytes; ${recorded}.`);
    }
    return file.stream;
  };
  return download({ ...artifact, open }, conditions);
}

/** A file, the part of it that was asked for, or word that the client has it. */
export async function download(file: Served, conditions: Conditions): Promise<Download> {
  const etag = `"${file.sha256}"`;
  const headers = { ...describe(file), etag };
  if (matches(conditions['if-none-match'], etag)) return { status: 304, headers, stream: null };

  const ifRange = conditions['if-range'];
  const asked = ifRange === undefined || ifRange === etag ? conditions.range : undefined;
  const range = byteRange(asked, file.size);
  if (range === 'unsatisfiable') throw unsatisfiable(file.size, conditions.range);
  const stream = await file.open(range ?? undefined);
  if (range === null) return { status: 200, headers: { ...headers, 'content-length': String(file.size) }, stream };
  const part = {
    'content-range': `bytes ${range.start}-${range.end}/${file.size}`,
    'content-length': String(range.end - range.start + 1),
  };
  return { status: 206, headers: { ...headers, ...part }, stream };
}

/** Content never changes under an id, so it may be kept for ever; names are legal in a header as they are. */
function describe({ mediaType, name }: Served): Record<string, string> {
  return {
    'content-type': mediaType,
    'content-disposition': `${SHOWN.test(mediaType) ? 'inline' : 'attachment'}; filename="${name}"`,
    'cache-control': 'private, max-age=31536000, immutable',
    'accept-ranges': 'bytes',
    // A file comes from a trainer or a user: as a page of this origin it may do nothing (an SVG may hold scripts).
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  };
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === etag);
}

function unsatisfiable(size: number, given: string | undefined): ProblemError {
  const allowed = size === 0 ? 'no range: the file is empty' : `bytes 0-${size - 1}`;
  return new ProblemError('range-not-satisfiable', `range: outside the file; allowed: ${allowed}`, [
    { path: 'range', message: 'outside the file', given, allowed },
  ]);
}
