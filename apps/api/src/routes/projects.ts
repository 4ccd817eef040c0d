import { ProjectView } from '@trawl/spec';
import { z } from 'zod';
import { dispatchRuns } from '../services/dispatchRuns.js';
import type { Routes } from './routes.js';
import { PROBLEM_RESPONSES } from './schemas.js';

const Limit = z.strictObject({
  maxParallel: z.int().min(1).max(100_000).nullable().meta({
    description: 'At most so many runs of all sweeps of the project at once; null: no limit',
  }),
});

export const projectRoutes: Routes = async (app, { services }) => {
  app.get(
    '/v1/projects',
    {
      schema: {
        tags: ['projects'],
        summary: 'Projects that have a limit, with what they have running or handed out',
        response: { 200: z.object({ items: z.array(ProjectView) }), ...PROBLEM_RESPONSES },
      },
    },
    async () => ({ items: await services.store.projects.list() }),
  );

  app.put(
    '/v1/projects/:name',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['projects'],
        summary: 'Limit what a project may run at once; what runs already goes on',
        params: z.object({ name: z.string().min(1).max(200).meta({ description: 'As sweeps name it in `project`' }) }),
        body: Limit,
        response: { 200: z.object({ items: z.array(ProjectView) }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, log }) => {
      await services.store.projects.limit(params.name, body.maxParallel);
      await dispatchRuns(services, log);
      return { items: await services.store.projects.list() };
    },
  );
};
