import { type Fault, type ParsedText, parseSweepText } from '@trawl/spec';
import fp from 'fastify-plugin';
import { ProblemError } from '../problems.js';

/** A document as it was sent and as it reads. */
export interface SentDocument {
  text: string;
  value: unknown;
}

/** @throws ProblemError with line and column where the text is not what it claims to be. */
export function readDocument(body: Uint8Array, mediaType: 'json' | 'yaml'): SentDocument {
  const text = decode(body);
  const parsed: ParsedText = parseSweepText(text, mediaType);
  const faults = parsed.ok ? unstorable(text, parsed.value) : parsed.faults;
  if (parsed.ok && faults.length === 0) return { text, value: parsed.value };
  throw new ProblemError('malformed-body', faults[0]?.message ?? `This is no ${mediaType}.`, faults);
}

/** NUL and halves of surrogate pairs: JSON and YAML can write them, Postgres cannot hold them. */
const UNSTORABLE = /[\0\p{Cs}]/u;

function unstorable(text: string, value: unknown): Fault[] {
  const found = text.includes('\0') ? '' : pathOfUnstorable(value, []);
  if (found === null) return [];
  return [
    { path: found, message: 'holds NUL or half of a surrogate pair', allowed: 'text of whole Unicode characters' },
  ];
}

function pathOfUnstorable(value: unknown, path: readonly string[]): string | null {
  if (typeof value === 'string') return UNSTORABLE.test(value) ? path.join('.') : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    if (UNSTORABLE.test(key)) return path.join('.');
    const found = pathOfUnstorable(inner, [...path, key]);
    if (found !== null) return found;
  }
  return null;
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new ProblemError('malformed-body', 'The body is not UTF-8 text.');
  }
}

/** JSON bodies, with the same faults of syntax as a sweep spec has; an empty body counts as none. */
export const jsonBodies = fp(
  async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) =>
      body.length === 0 ? undefined : readDocument(body, 'json').value,
    );
  },
  { name: 'json-bodies' },
);
