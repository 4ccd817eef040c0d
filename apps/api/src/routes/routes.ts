import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Services } from '../services/services.js';

/** A group of routes, registered with all it may reach. */
export type Routes = FastifyPluginAsyncZod<{ services: Services }>;
