import { ArtifactView } from '@trawl/spec';
import { z } from 'zod';
import { callerOf } from '../plugins/access.js';
import { downloadArtifact } from '../services/downloads.js';
import { addLooseArtifact, putRunArtifact } from '../services/uploads.js';
import { Body, FILE_RESPONSES, rawBodies, sent, Sha256 } from './files.js';
import type { Routes } from './routes.js';
import { IdParams, PROBLEM_RESPONSES, whole } from './schemas.js';

const kind = ArtifactView.shape.kind.meta({ description: 'What sort of file it is' });
const name = z.string().meta({ description: 'Letters, digits, ".", "_" and "-", a letter or digit first' });
const MAX_INT = 2 ** 31 - 1;

const FencedQuery = z.strictObject({
  fence: whole(0, MAX_INT).meta({ description: 'The fence of the claim under which the file was made' }),
  kind,
  epoch: whole(0, MAX_INT).optional().meta({ description: 'After which it was made' }),
  step: whole(0, MAX_INT).optional().meta({ description: 'After which it was made' }),
});

const LooseQuery = z.strictObject({ name, kind: kind.default('weights') });

export const artifactRoutes: Routes = async (app, { services }) => {
  rawBodies(app);

  app.put(
    '/v1/runs/:id/artifacts/:name',
    {
      config: { unlimited: true, audit: false },
      schema: {
        tags: ['artifacts'],
        summary: 'Store a file of a running attempt (workers); 409 when the fence is stale',
        params: IdParams.extend({ name }),
        querystring: FencedQuery,
        headers: z.looseObject({ 'x-sha256': Sha256 }),
        body: Body,
        consumes: ['*/*'],
        response: { 201: ArtifactView, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { fence, ...about } = request.query;
      const { id, name: named } = request.params;
      const upload = sent(request.body, request.headers, request.headers['x-sha256']);
      const artifact = await putRunArtifact(id, fence, { name: named, ...about }, upload, services);
      return reply.code(201).header('location', `/v1/artifacts/${artifact.id}`).send(artifact);
    },
  );

  app.post(
    '/v1/artifacts',
    {
      config: { projects: 'any' },
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
      const artifact = await addLooseArtifact(request.query, upload, callerOf(request), services);
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
        response: FILE_RESPONSES,
      },
    },
    async ({ params, headers }, reply) => {
      const { status, headers: described, stream } = await downloadArtifact(params.id, headers, services);
      return reply.code(status).headers(described).send(stream);
    },
  );
};
