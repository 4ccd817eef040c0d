import swaggerUi from '@fastify/swagger-ui';
import fp from 'fastify-plugin';
import { ProblemError } from '../problems.js';

/** Nothing from elsewhere: it works without a network. Its icons are data URLs. */
const CSP = "default-src 'self'; img-src 'self' data:; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

const FILE = /^(theme\/)?[\w-][\w.-]*$/;

/** `/docs`: the page that shows `/openapi.json` and tries it out. */
export const docs = fp(
  async (app) => {
    await app.register(async (scope) => {
      scope.addHook('onRoute', (route) => {
        route.config = { ...route.config, access: 'open' };
      });
      // Other names than its files have make the plugin throw: NUL, another root.
      scope.addHook('onRequest', async ({ url }) => {
        const file = /^\/docs\/static\/([^?]*)/.exec(url)?.[1];
        if (file === undefined || FILE.test(file)) return;
        throw new ProblemError('not-found', 'There is no such file.');
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
