import { fastifySSE } from '@fastify/sse';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { parameterProblem } from '../problems.js';
import { eventStream, placeOf } from '../services/eventStream.js';
import { callerOf } from '../plugins/access.js';
import type { Caller } from '../services/caller.js';
import { untilRevoked } from '../services/revocation.js';
import type { Services } from '../services/services.js';
import { sweepDetail } from '../services/sweeps.js';
import type { Routes } from './routes.js';
import { IdParams, PROBLEM_RESPONSES, whole } from './schemas.js';

/** Proxies drop connections that are silent for a minute. */
const HEARTBEAT_MS = 20_000;

const headers = z.looseObject({
  'last-event-id': whole(0, Number.MAX_SAFE_INTEGER).optional().meta({ description: 'Go on after this event' }),
});
const response = {
  200: { description: 'Events', content: { 'text/event-stream': { schema: z.string() } } },
  ...PROBLEM_RESPONSES,
};

export const eventRoutes: Routes = async (app, { services }) => {
  await app.register(fastifySSE, { heartbeatInterval: HEARTBEAT_MS });

  // A server closes only when its last answer ends, and these never end by themselves.
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());

  app.get(
    '/v1/sweeps/:id/events',
    {
      sse: 'manual',
      exposeHeadRoute: false,
      schema: {
        tags: ['sweeps'],
        summary: 'Server-sent events of a sweep: all from the first, or those after Last-Event-ID',
        params: IdParams,
        headers,
        response,
      },
    },
    async (request, reply) => {
      await sweepDetail(request.params.id, services);
      const from = { sweepId: request.params.id, after: request.headers['last-event-id'] ?? 0 };
      await send(reply, callerOf(request), from, closing.signal, services);
    },
  );

  app.get(
    '/v1/events',
    {
      config: { projects: 'any' },
      sse: 'manual',
      exposeHeadRoute: false,
      schema: {
        tags: ['sweeps'],
        summary: "Server-sent events of all sweeps, or of those of the key's project: to come, or after Last-Event-ID",
        headers,
        response,
      },
    },
    async (request, reply) => {
      const after = request.headers['last-event-id'] ?? (await services.store.events.last(null));
      await send(reply, callerOf(request), { sweepId: null, after }, closing.signal, services);
    },
  );
};

async function send(
  reply: FastifyReply,
  caller: Caller,
  { sweepId, after }: { sweepId: string | null; after: number },
  closing: AbortSignal,
  services: Services,
): Promise<void> {
  const last = await services.store.events.last(sweepId);
  if (after > last) throw parameterProblem('last-event-id', 'no such event', after, `0 to ${last}`);
  const gone = new AbortController();
  reply.sse.onClose(() => gone.abort());
  // A connection that were kept for further requests would hold up the server's close.
  reply.header('connection', 'close');
  // Where this stream begins: who loses it before its first event goes on from here.
  reply.header('last-event-id', String(after));
  reply.sse.sendHeaders();
  // Node keeps them back until the first byte of a body, which may be long in coming.
  reply.raw.flushHeaders();
  const revoked = untilRevoked(caller, services.store);
  const end = AbortSignal.any([gone.signal, closing, revoked.signal]);
  try {
    for await (const event of eventStream(sweepId, after, end, services, caller.project)) {
      if (!reply.sse.isConnected) break;
      const data = { at: event.at, sweepId: event.sweepId, ...event.data };
      await reply.sse.send({ id: String(placeOf(event, sweepId)), event: event.type, data });
    }
  } finally {
    revoked.stop();
  }
}
