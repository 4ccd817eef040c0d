import helmet from '@fastify/helmet';
import fp from 'fastify-plugin';

/** Security headers. HSTS stays off: trawl speaks plain HTTP, the proxy in front of it owns TLS. */
export const securityHeaders = fp(
  async (app) => {
    await app.register(helmet, { hsts: false });
  },
  { name: 'security-headers' },
);
