import { AuditView, page } from '@trawl/spec';
import { z } from 'zod';
import type { Routes } from './routes.js';
import { PageQuery, PROBLEM_RESPONSES, whole } from './schemas.js';

const Query = PageQuery.extend({
  cursor: whole(0, Number.MAX_SAFE_INTEGER).optional().meta({ description: '`nextCursor` of the page before' }),
  target: z.string().optional().meta({ description: 'Only what was done to the sweep, run, key or data of this id' }),
});

export const auditRoutes: Routes = async (app, { services }) => {
  app.get(
    '/v1/audit',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['operations'],
        summary: 'Who did what and when, newest first: whatever changed something through this API',
        querystring: Query,
        response: { 200: page(AuditView), ...PROBLEM_RESPONSES },
      },
    },
    ({ query }) => services.store.audit.list(query),
  );
};
