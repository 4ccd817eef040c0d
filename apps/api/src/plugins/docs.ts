import swaggerUi from '@fastify/swagger-ui';
import fp from 'fastify-plugin';
import { ProblemError } from '../problems.js';

/** Nothing from elsewhere: it works without a network. Its icons are data URLs. */
const CSP = "default-src 'self'; img-src 'self' data:; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

/** `/docs`: the page that shows `/openapi.json` and tries it out. */
export const docs = fp(
  async (app) => {
    await app.register(async (scope) => {
      scope.addHook('onRoute', (route) => {
        route.config = { ...route.config, access: 'open' };
      });
      // The file system has no such names, and says so by throwing.
      scope.addHook('onRequest', async ({ url }) => {
        if (/%00/.test(url)) throw new ProblemError('not-found', 'There is no such file.');
      });
      await scope.register(swaggerUi, {
        routePrefix: '/docs',
        staticCSP: CSP,
        // The badge would send the document to a validator on the internet.
        uiConfig: { validatorUrl: null, docExpansion: 'list', tryItOutEnabled: true },
        // The bar asks for the address of another document.
        theme: { title: 'trawl API', css: [{ filename: 'trawl.css', content: '.topbar { display: none }' }] },
      });
    });
  },
  { name: 'docs', dependencies: ['openapi'] },
);
