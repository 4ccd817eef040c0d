import fp from 'fastify-plugin';
import { z } from 'zod';
import { PROBLEM_RESPONSES } from '../routes/schemas.js';
import { createMetrics } from '../services/metrics.js';
import type { Services } from '../services/services.js';

/** Measures every request, and `/metrics` for Prometheus. */
export const metrics = fp<Pick<Services, 'store' | 'queues'>>(
  async (app, services) => {
    const measured = createMetrics(services);
    app.addHook('onResponse', async (request, reply) => {
      const { url: route = 'none' } = request.routeOptions;
      const seconds = reply.elapsedTime / 1_000;
      measured.answered({ method: request.method, route, status: reply.statusCode, seconds });
    });
    const schema = {
      tags: ['operations'],
      summary: 'Numbers of this process and of the whole service, for Prometheus',
      response: {
        200: { description: 'The exposition format', content: { 'text/plain': { schema: z.string() } } },
        ...PROBLEM_RESPONSES,
      },
    };
    app.get('/metrics', { logLevel: 'warn', schema }, async (_request, reply) =>
      reply.type(measured.contentType).send(await measured.text()),
    );
  },
  { name: 'metrics' },
);
