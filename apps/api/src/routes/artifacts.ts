import type { Readable } from 'node:stream';
import { ArtifactView } from '@trawl/spec';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { download } from '../services/downloads.js';
import { addLooseArtifact, putRunArtifact, type Sent } from '../services/uploads.js';
import type { Routes } from './routes.js';
import { IdParams, PROBLEM_RESPONSES, whole } from './schemas.js';

const kind = ArtifactView.shape.kind;
const MAX_INT = 2 ** 31 - 1;

const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, { error: 'not 64 lower-case hex digits' })
  .meta({ description: 'sha256 of the body, hex' });

const FencedQuery = z.strictObject({
  fence: whole(0, MAX_INT).meta({ description: 'The fence of the claim under which the file was made' }),
  kind,
  epoch: whole(0, MAX_INT).optional(),
  step: whole(0, MAX_INT).optional(),
});

const LooseQuery = z.strictObject({ name: z.string(), kind: kind.default('weights') });

/** A body that is not parsed: the stream as it comes. */
const Body = z.custom<Readable | undefined>(() => true).meta({ type: 'string', format: 'binary' });
const file = z.custom<Readable>(() => true).meta({ type: 'string', format: 'binary' });

const sent = (body: Readable | undefined, headers: FastifyRequest['headers'], sha256?: string): Sent => ({
  body,
  contentType: headers['content-type'],
  contentLength: headers['content-length'],
  sha256,
});

export const artifactRoutes: Routes = async (app, { services }) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

  app.put(
    '/v1/runs/:id/artifacts/:name',
    {
      schema: {
        tags: ['artifacts'],
        summary: 'Store a file of a running attempt (workers); 409 when the fence is stale',
        params: IdParams.extend({ name: z.string() }),
        querystring: FencedQuery,
        headers: z.looseObject({ 'x-sha256': Sha256 }),
        body: Body,
        consumes: ['*/*'],
        response: { 201: ArtifactView, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { fence, ...about } = request.query;
      const { id, name } = request.params;
      const upload = sent(request.body, request.headers, request.headers['x-sha256']);
      const artifact = await putRunArtifact(id, fence, { name, ...about }, upload, services);
      return reply.code(201).header('location', `/v1/artifacts/${artifact.id}`).send(artifact);
    },
  );

  app.post(
    '/v1/artifacts',
    {
      schema: {
        tags: ['artifacts'],
        summary: 'Store a file of no run, as weights to start from',
        querystring: LooseQuery,
        headers: z.looseObject({ 'x-sha256': Sha256.optional() }),
        body: Body,
        consumes: ['*/*'],
        response: { 201: ArtifactView, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const upload = sent(request.body, request.headers, request.headers['x-sha256']);
      const artifact = await addLooseArtifact(request.query, upload, services);
      return reply.code(201).header('location', `/v1/artifacts/${artifact.id}`).send(artifact);
    },
  );

  app.get(
    '/v1/artifacts/:id',
    {
      schema: {
        tags: ['artifacts'],
        summary: 'A file, whole or a range of its bytes',
        params: IdParams,
        response: {
          200: { description: 'The file', content: { 'application/octet-stream': { schema: file } } },
          206: { description: 'The bytes asked for', content: { 'application/octet-stream': { schema: file } } },
          304: z.null(),
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async ({ params, headers }, reply) => {
      const { status, headers: described, stream } = await download(params.id, headers, services);
      return reply.code(status).headers(described).send(stream);
    },
  );
};
