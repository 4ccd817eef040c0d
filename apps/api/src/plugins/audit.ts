import type { Store } from '@trawl/store';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { callerOf } from './access.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** false: nobody did it, a process at work. */
    audit?: false;
  }
}

const LONGEST_DETAIL = 2_000;

/**
 * Whatever changes something is written down with who asked for it, before the answer is sent: what a client knows to
 * be done is on record.
 */
export const audit = fp<{ store: Store }>(
  async (app, { store }) => {
    app.addHook('onSend', async (request, reply) => {
      const { config, url } = request.routeOptions;
      if (/^(GET|HEAD)$/.test(request.method) || config.audit === false || reply.statusCode >= 300) return;
      if (isDryRun(request.query)) return;
      const { name, keyId } = callerOf(request);
      const action = `${request.method} ${url ?? ''}`;
      await store.audit.record({
        by: name,
        keyId,
        action,
        target: targetOf(request, reply),
        detail: detailOf(request.body),
      });
    });
  },
  { name: 'audit' },
);

const isDryRun = (query: unknown): boolean =>
  typeof query === 'object' && query !== null && 'dryRun' in query && query.dryRun === 'true';

/** What the path names, or what was made. */
function targetOf({ params }: FastifyRequest, reply: FastifyReply): string | null {
  if (typeof params === 'object' && params !== null && 'id' in params) return String(params.id);
  const made = reply.getHeader('location');
  return typeof made === 'string' ? (made.split('/').at(-1) ?? null) : null;
}

/** Bodies of controls; specs and files are kept elsewhere. */
function detailOf(body: unknown) {
  if (typeof body !== 'object' || body === null || Object.getPrototypeOf(body) !== Object.prototype) return null;
  if ('text' in body) return null;
  const text = JSON.stringify(body);
  return text.length <= LONGEST_DETAIL && text !== '{}' ? JSON.parse(text) : null;
}
