import swagger from '@fastify/swagger';
import fp from 'fastify-plugin';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

const TAGS = [
  { name: 'sweeps', description: 'Submit, list, control and delete sweeps' },
  { name: 'results', description: 'Rankings, the best cell, refits' },
  { name: 'runs', description: 'One run: curves, logs, attempts, artifacts' },
  { name: 'artifacts', description: 'Files in and out' },
  { name: 'models', description: 'What can be trained' },
  { name: 'workers', description: 'Who trains' },
  { name: 'operations', description: 'Health and this document' },
];

/** `/openapi.json`, written from the routes' own schemas. */
export const openapi = fp(
  async (app) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'trawl',
          version: '1.0.0',
          description: 'Hyperparameter sweeps ranked by metrics that need no labels',
        },
        tags: TAGS,
      },
      transform: jsonSchemaTransform,
    });
    app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  },
  { name: 'openapi' },
);
