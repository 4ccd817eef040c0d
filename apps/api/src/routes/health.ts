import { z } from 'zod';
import { ready } from '../services/ready.js';
import type { Routes } from './routes.js';
import { PROBLEM_RESPONSES } from './schemas.js';

const quiet = { logLevel: 'warn', config: { access: 'open' } } as const;

export const healthRoutes: Routes = async (app, { services }) => {
  app.get(
    '/livez',
    {
      ...quiet,
      schema: {
        tags: ['operations'],
        summary: 'The process answers',
        security: [],
        response: { 200: z.object({ status: z.literal('ok') }) },
      },
    },
    async () => ({ status: 'ok' }) as const,
  );

  app.get(
    '/readyz',
    {
      ...quiet,
      schema: {
        tags: ['operations'],
        summary: 'Database and queue answer',
        security: [],
        response: { 200: z.object({ database: z.literal('ok'), queue: z.literal('ok') }), ...PROBLEM_RESPONSES },
      },
    },
    () => ready(services),
  );
};
