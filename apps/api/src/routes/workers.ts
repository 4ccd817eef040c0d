import { WorkerView } from '@trawl/spec';
import { z } from 'zod';
import type { Routes } from './routes.js';
import { PROBLEM_RESPONSES } from './schemas.js';

export const workerRoutes: Routes = async (app, { services }) => {
  app.get(
    '/v1/workers',
    {
      schema: {
        tags: ['workers'],
        summary: 'Workers with slots, devices, current runs and last heartbeat',
        response: { 200: z.object({ items: z.array(WorkerView) }), ...PROBLEM_RESPONSES },
      },
    },
    async () => ({ items: await services.store.workers.list() }),
  );
};
