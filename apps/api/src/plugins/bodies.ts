import { type ParsedText, parseSweepText } from '@trawl/spec';
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
  if (parsed.ok) return { text, value: parsed.value };
  throw new ProblemError('malformed-body', parsed.faults[0]?.message ?? `This is no ${mediaType}.`, parsed.faults);
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
