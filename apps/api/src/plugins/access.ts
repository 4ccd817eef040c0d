import type { Scope } from '@trawl/spec';
import type { Store } from '@trawl/store';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { ProblemError } from '../problems.js';
import {
  ANYBODY,
  authenticate,
  type Caller,
  ownedKind,
  requireNoProject,
  requireOwn,
  requireScope,
} from '../services/caller.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call: anybody, or keys of this scope and above. Default: read for GET, submit for the rest. */
    access?: 'open' | Scope;
    /**
     * `any`: keys of a project too, the handler narrows to what is theirs (`callerOf`). Default: what lies below
     * the id of something that a project owns is open to its keys, everything else to keys without a project.
     */
    projects?: 'any';
  }
  interface FastifyRequest {
    caller: Caller | null;
  }
}

/** Who makes a request. */
export function callerOf({ caller }: FastifyRequest): Caller {
  if (caller === null) throw new Error('a request that nobody looked at');
  return caller;
}

interface Options {
  store: Store;
  keysRequired: boolean;
}

/** Before the body is read: who calls, whether that one may, and whether what it asks for is its own. */
export const access = fp<Options>(
  async (app, { store, keysRequired }) => {
    app.decorateRequest('caller', null);
    app.addHook('onRequest', async (request) => {
      request.caller = ANYBODY;
      const { config, url = '' } = request.routeOptions;
      if (config.access === 'open') return;
      // What no route answers is no secret.
      if (!keysRequired || request.is404) return app.limitCaller(request);
      try {
        request.caller = await authenticate(request.headers.authorization, store);
      } catch (error) {
        if (error instanceof ProblemError) await app.countFailure(request);
        throw error;
      }
      await app.limitCaller(request);
      requireScope(request.caller, config.access ?? (/^(GET|HEAD)$/.test(request.method) ? 'read' : 'submit'));
      const kind = ownedKind(url);
      if (kind !== null) await requireOwn(request.caller, kind, idOf(request.params), store);
      else if (config.projects !== 'any') requireNoProject(request.caller);
    });
  },
  { name: 'access', dependencies: ['rate-limits'] },
);

const idOf = (params: unknown): string =>
  typeof params === 'object' && params !== null && 'id' in params ? String(params.id) : '';
