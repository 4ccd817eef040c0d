import swagger from '@fastify/swagger';
import fp from 'fastify-plugin';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { withComponents } from './components.js';

const TAGS = [
  { name: 'sweeps', description: 'Submit, list, control and delete sweeps' },
  { name: 'results', description: 'Rankings, the best cell, refits' },
  { name: 'runs', description: 'One run: curves, logs, attempts, artifacts' },
  { name: 'artifacts', description: 'Files in and out' },
  { name: 'datasets', description: 'Data in and out' },
  { name: 'figures', description: 'Figures, movies and review sheets' },
  { name: 'models', description: 'What can be trained' },
  { name: 'workers', description: 'Who trains' },
  { name: 'keys', description: 'API keys' },
  { name: 'projects', description: 'How much of the workers a project may have' },
  { name: 'operations', description: 'Health' },
];

const KEYS = `An API key, as \`Authorization: Bearer trawl_...\`. A service that only its own machine reaches asks for none.`;

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
        components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', description: KEYS } } },
        security: [{ key: [] }],
      },
      transform: jsonSchemaTransform,
      transformObject: (document) => ('openapiObject' in document ? withComponents(document.openapiObject) : {}),
    });
    app.get('/openapi.json', { config: { access: 'open' }, schema: { hide: true } }, () => app.swagger());
  },
  { name: 'openapi' },
);
