import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { isLoopback } from '../loopback.js';
import { ProblemError } from '../problems.js';

/** No longer than what a client waits before it tries again. */
const WINDOW_MS = 10_000;
/** Wrong keys of one address in a window. */
const FAILURES = 50;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Counts towards no limit. */
    unlimited?: true;
  }
  interface FastifyInstance {
    /** @throws ProblemError 429 where a key, or an address without one, asks too often */
    limitCaller: (request: FastifyRequest) => Promise<void>;
    /** @throws ProblemError 429 where an address has shown too many wrong keys */
    countFailure: (request: FastifyRequest) => Promise<void>;
  }
}

/**
 * How often a key may ask. This machine may without end where nobody is asked for a key, and so may uploads of runs,
 * which their fence bounds: a service at its limit must not cost a run its result.
 */
export const rateLimits = fp<{ perSecond: number }>(
  async (app, { perSecond }) => {
    const requestsPerWindow = (perSecond * WINDOW_MS) / 1_000;
    await app.register(rateLimit, { global: false });
    const callers = app.createRateLimit({
      max: requestsPerWindow,
      timeWindow: WINDOW_MS,
      keyGenerator: ({ caller, ip }) => caller?.keyId ?? ip,
    });
    const failures = app.createRateLimit({ max: FAILURES, timeWindow: WINDOW_MS, keyGenerator: ({ ip }) => ip });

    app.decorate('limitCaller', async (request: FastifyRequest) => {
      const free = request.caller?.keyId === null && isLoopback(request.ip);
      if (requestsPerWindow === 0 || free || request.routeOptions.config.unlimited === true) return;
      const count = await callers(request);
      if (!count.isAllowed && count.isExceeded)
        throw tooMany(count.ttlInSeconds, `At most ${requestsPerWindow} requests in`);
    });
    app.decorate('countFailure', async (request: FastifyRequest) => {
      const count = await failures(request);
      if (!count.isAllowed && count.isExceeded) throw tooMany(count.ttlInSeconds, 'Too many wrong keys in');
    });
  },
  { name: 'rate-limits' },
);

function tooMany(seconds: number, what: string): ProblemError {
  const detail = `${what} ${WINDOW_MS / 1_000} s; come again in ${seconds} s.`;
  return new ProblemError('too-many-requests', detail, undefined, { 'retry-after': String(seconds) });
}
