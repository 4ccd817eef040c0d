import { fastifySSE } from '@fastify/sse';
import { z } from 'zod';
import { eventStream } from '../services/eventStream.js';
import { sweepDetail } from '../services/sweeps.js';
import type { Routes } from './routes.js';
import { IdParams, PROBLEM_RESPONSES, whole } from './schemas.js';

/** Proxies drop connections that are silent for a minute. */
const HEARTBEAT_MS = 20_000;

export const eventRoutes: Routes = async (app, { services }) => {
  await app.register(fastifySSE, { heartbeatInterval: HEARTBEAT_MS });

  // A server closes only when its last answer ends, and these never end by themselves.
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());

  app.get(
    '/v1/sweeps/:id/events',
    {
      sse: 'manual',
      schema: {
        tags: ['sweeps'],
        summary: 'Server-sent events of a sweep: all from the first, or those after Last-Event-ID',
        params: IdParams,
        headers: z.looseObject({ 'last-event-id': whole(0, 2 ** 31 - 1).optional() }),
        response: {
          200: { description: 'Events', content: { 'text/event-stream': { schema: z.string() } } },
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async ({ params, headers }, reply) => {
      await sweepDetail(params.id, services);
      const gone = new AbortController();
      reply.sse.onClose(() => gone.abort());
      reply.sse.sendHeaders();
      const signal = AbortSignal.any([gone.signal, closing.signal]);
      for await (const { seq, type, at, data } of eventStream(
        params.id,
        headers['last-event-id'] ?? 0,
        signal,
        services,
      )) {
        if (!reply.sse.isConnected) break;
        await reply.sse.send({ id: String(seq), event: type, data: { at, ...data } });
      }
    },
  );
};
