import { z } from 'zod';
import { exportSweep, FORMATS, WHATS } from '../services/export/export.js';
import type { Routes } from './routes.js';
import { IdParams, PROBLEM_RESPONSES } from './schemas.js';

const Query = z.strictObject({
  format: z
    .enum(FORMATS)
    .meta({ description: 'tensorboard: a tar of event files; behavenet: a tar of its folders version_N' }),
  what: z.enum(WHATS).default('runs').meta({
    description: 'csv: runs with parameters and summary, or all points that were reported; json: with those or without',
  }),
});

const anything = z.unknown().meta({ type: 'string', format: 'binary' });
const FILE = {
  description: 'The file, written while it is sent',
  content: {
    'text/csv': { schema: anything },
    'application/json': { schema: anything },
    'application/x-tar': { schema: anything },
  },
};

export const exportRoutes: Routes = async (app, { services }) => {
  app.get(
    '/v1/sweeps/:id/export',
    {
      schema: {
        tags: ['results'],
        summary: 'Take the results away: parameters, final numbers, curves',
        params: IdParams,
        querystring: Query,
        response: { 200: FILE, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query }, reply) => {
      const { headers, stream } = await exportSweep(params.id, query.format, query.what, services);
      return reply.code(200).headers(headers).send(stream);
    },
  );
};
