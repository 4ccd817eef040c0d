import { CreatedKey, KeyView, NewKeyBody, SelfView } from '@trawl/spec';
import { z } from 'zod';
import { callerOf } from '../plugins/access.js';
import { createKey, revokeKey } from '../services/keys.js';
import type { Routes } from './routes.js';
import { IdParams, PROBLEM_RESPONSES } from './schemas.js';

const config = { access: 'admin', projects: 'any' } as const;

export const keyRoutes: Routes = async (app, { services }) => {
  const { store } = services;

  app.post(
    '/v1/keys',
    {
      config,
      schema: {
        tags: ['keys'],
        summary: 'Make an API key; this answer is the only one that shows it',
        body: NewKeyBody,
        response: { 201: CreatedKey, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const created = await createKey(request.body, callerOf(request), services);
      return reply
        .code(201)
        .header('location', `/v1/keys/${created.id}`)
        .header('cache-control', 'no-store')
        .send(created);
    },
  );

  app.get(
    '/v1/keys',
    {
      config,
      schema: {
        tags: ['keys'],
        summary: 'List API keys, newest first, without their secrets',
        response: { 200: z.object({ items: z.array(KeyView) }), ...PROBLEM_RESPONSES },
      },
    },
    async (request) => ({ items: await store.keys.list(callerOf(request).project) }),
  );

  app.get(
    '/v1/keys/self',
    {
      config: { projects: 'any' },
      schema: {
        tags: ['keys'],
        summary: 'The key of this request: its name, scope and project',
        response: { 200: SelfView, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { keyId, name, scope, project } = callerOf(request);
      return { id: keyId, name, scope, project };
    },
  );

  app.delete(
    '/v1/keys/:id',
    {
      config,
      schema: {
        tags: ['keys'],
        summary: 'Revoke an API key, at once and for good',
        params: IdParams,
        response: { 200: KeyView, ...PROBLEM_RESPONSES },
      },
    },
    (request) => revokeKey(request.params.id, callerOf(request), services),
  );
};
