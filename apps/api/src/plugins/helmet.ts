import helmet from '@fastify/helmet';
import fp from 'fastify-plugin';

/**
 * Security headers. trawl speaks plain HTTP and the proxy in front of it owns TLS: HSTS and the upgrade of a page's
 * requests to https stay off, or no page would load without one.
 */
export const securityHeaders = fp(
  async (app) => {
    await app.register(helmet, {
      hsts: false,
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          'default-src': ["'self'"],
          'img-src': ["'self'", 'data:', 'blob:'],
          'style-src': ["'self'", "'unsafe-inline'"],
          'base-uri': ["'none'"],
          'object-src': ["'none'"],
          'form-action': ["'self'"],
          'frame-ancestors': ["'self'"],
        },
      },
    });
  },
  { name: 'security-headers' },
);
