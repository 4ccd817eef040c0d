import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Sent } from '../services/receive.js';
import { PROBLEM_RESPONSES } from './schemas.js';

/* What routes share whose bodies are files. */

export const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, { error: 'not 64 lower-case hex digits' })
  .meta({ description: 'sha256 of the body, hex' });

/** A body that is not parsed: the stream as it comes. */
export const Body = z.custom<Readable | undefined>(() => true).meta({ type: 'string', format: 'binary' });
const file = z.custom<Readable>(() => true).meta({ type: 'string', format: 'binary' });

/** What a request says of the file it brings. */
export const sent = (body: Readable | undefined, headers: FastifyRequest['headers'], sha256?: string): Sent => ({
  body,
  contentType: headers['content-type'],
  contentLength: headers['content-length'],
  sha256,
});

export const FILE_RESPONSES = {
  200: { description: 'The file', content: { 'application/octet-stream': { schema: file } } },
  206: { description: 'The bytes asked for', content: { 'application/octet-stream': { schema: file } } },
  304: z.null(),
  ...PROBLEM_RESPONSES,
};

/** Bodies of whatever type are handed on as they come. */
export function rawBodies(app: Pick<FastifyInstance, 'removeAllContentTypeParsers' | 'addContentTypeParser'>): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
}
