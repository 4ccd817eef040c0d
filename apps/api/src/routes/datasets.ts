import { DatasetDetail, DatasetView, page } from '@trawl/spec';
import { z } from 'zod';
import {
  checkDatasetName,
  datasetDetail,
  deleteDataset,
  downloadDataset,
  uploadDataset,
} from '../services/datasets.js';
import { Body, FILE_RESPONSES, rawBodies, sent, Sha256 } from './files.js';
import type { Routes } from './routes.js';
import { PageQuery, PROBLEM_RESPONSES } from './schemas.js';

const IdParams = z.object({ id: z.string().meta({ description: 'sha256 of the data, hex' }) });

const ListQuery = PageQuery.extend({
  cursor: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: 'not 64 lower-case hex digits' })
    .optional()
    .meta({ description: '`nextCursor` of the page before' }),
});

// A key of a project that knows a sha256 has the file or a sweep over it; the list would tell it all others.
export const datasetRoutes: Routes = async (app, { services }) => {
  rawBodies(app);

  app.post(
    '/v1/datasets',
    {
      config: { projects: 'any' },
      schema: {
        tags: ['datasets'],
        summary: 'Upload a file of data, which is looked at before it is taken; a spec names it by its sha256',
        querystring: z.strictObject({ name: z.string().optional().meta({ description: 'To tell it from others' }) }),
        headers: z.looseObject({ 'x-sha256': Sha256.optional() }),
        body: Body,
        consumes: ['*/*'],
        response: { 200: DatasetDetail, 201: DatasetDetail, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const name = checkDatasetName(request.query.name);
      const upload = sent(request.body, request.headers, request.headers['x-sha256']);
      const { dataset, created } = await uploadDataset(name, upload, services);
      return reply
        .code(created ? 201 : 200)
        .header('location', `/v1/datasets/${dataset.id}`)
        .send(dataset);
    },
  );

  app.get(
    '/v1/datasets',
    {
      schema: {
        tags: ['datasets'],
        summary: 'Data that was uploaded or that a sweep has named, newest first',
        querystring: ListQuery,
        response: { 200: page(DatasetView), ...PROBLEM_RESPONSES },
      },
    },
    ({ query }) => services.store.datasets.list(query),
  );

  app.get(
    '/v1/datasets/:id',
    {
      config: { projects: 'any' },
      schema: {
        tags: ['datasets'],
        summary: 'What is known of a dataset',
        params: IdParams,
        response: { 200: DatasetDetail, ...PROBLEM_RESPONSES },
      },
    },
    ({ params }) => datasetDetail(params.id, services),
  );

  app.get(
    '/v1/datasets/:id/content',
    {
      config: { projects: 'any' },
      schema: {
        tags: ['datasets'],
        summary: 'The file, whole or a range of its bytes; workers fetch here what they lack',
        params: IdParams,
        response: FILE_RESPONSES,
      },
    },
    async ({ params, headers }, reply) => {
      const { status, headers: described, stream } = await downloadDataset(params.id, headers, services);
      return reply.code(status).headers(described).send(stream);
    },
  );

  app.delete(
    '/v1/datasets/:id',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['datasets'],
        summary: 'Delete an upload that no sweep uses',
        params: IdParams,
        response: { 204: z.null(), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params }, reply) => {
      await deleteDataset(params.id, services);
      return reply.code(204).send(null);
    },
  );
};
