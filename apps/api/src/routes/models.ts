import { ModelDetail, ModelView } from '@trawl/spec';
import type { Routes } from './routes.js';
import { z } from 'zod';
import { ProblemError } from '../problems.js';
import { modelDetail, modelView } from '../services/modelViews.js';
import { PROBLEM_RESPONSES } from './schemas.js';

export const modelRoutes: Routes = async (app, { services: { catalog } }) => {
  app.get(
    '/v1/models',
    {
      config: { projects: 'any' },
      schema: {
        tags: ['models'],
        summary: 'List the models that can be trained',
        response: { 200: z.object({ items: z.array(ModelView) }), ...PROBLEM_RESPONSES },
      },
    },
    async () => ({ items: [...catalog.values()].map(modelView) }),
  );

  app.get(
    '/v1/models/:name',
    {
      config: { projects: 'any' },
      schema: {
        tags: ['models'],
        summary: 'One model: JSON Schema of its parameters, its metrics and the parameters each contains',
        params: z.object({ name: z.string().meta({ description: 'As ps-vae' }) }),
        response: { 200: ModelDetail, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params: { name } }) => {
      const card = catalog.get(name);
      if (card) return modelDetail(card);
      throw new ProblemError('not-found', `There is no model ${name}; models are ${[...catalog.keys()].join(', ')}.`);
    },
  );
};
