import { GcReport } from '@trawl/spec';
import { z } from 'zod';
import { collectGarbage } from '../services/gc.js';
import type { Routes } from './routes.js';
import { PROBLEM_RESPONSES } from './schemas.js';

const Query = z.strictObject({
  dryRun: z.enum(['true', 'false']).default('false').meta({ description: 'true: only say what would be freed' }),
});

export const gcRoutes: Routes = async (app, { services }) => {
  app.post(
    '/v1/gc',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['operations'],
        summary: 'Free files that nobody needs any more: spent checkpoints, files without a name, broken uploads',
        querystring: Query,
        response: { 200: GcReport, ...PROBLEM_RESPONSES },
      },
    },
    ({ query }) => collectGarbage(query.dryRun === 'true', services),
  );
};
