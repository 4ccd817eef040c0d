import { randomUUID } from 'node:crypto';
import { NO_TRACING, type Tracing } from '@trawl/tracing';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { jsonBodies } from './plugins/bodies.js';
import { access } from './plugins/access.js';
import { audit } from './plugins/audit.js';
import { docs } from './plugins/docs.js';
import { securityHeaders } from './plugins/helmet.js';
import { openapi } from './plugins/openapi.js';
import { clientProblem, frameworkProblem, problems } from './plugins/problems.js';
import { metrics } from './plugins/metrics.js';
import { rateLimits } from './plugins/rateLimit.js';
import { validation } from './plugins/validation.js';
import { artifactRoutes } from './routes/artifacts.js';
import { auditRoutes } from './routes/audit.js';
import { datasetRoutes } from './routes/datasets.js';
import { eventRoutes } from './routes/events.js';
import { exportRoutes } from './routes/export.js';
import { figureRoutes } from './routes/figures.js';
import { gcRoutes } from './routes/gc.js';
import { healthRoutes } from './routes/health.js';
import { keyRoutes } from './routes/keys.js';
import { modelRoutes } from './routes/models.js';
import { projectRoutes } from './routes/projects.js';
import { resultRoutes } from './routes/results.js';
import { runRoutes } from './routes/runs.js';
import { submitRoutes } from './routes/submit.js';
import { sweepRoutes } from './routes/sweeps.js';
import { workerRoutes } from './routes/workers.js';
import { Answers } from './services/answers.js';
import { withUploads } from './services/uploadedDatasets.js';
import { tensorsOf } from './services/uploads.js';
import type { Limits, Services } from './services/services.js';
import { Wakeups } from './services/wakeups.js';

const ROUTES = [
  submitRoutes,
  sweepRoutes,
  resultRoutes,
  exportRoutes,
  runRoutes,
  artifactRoutes,
  datasetRoutes,
  figureRoutes,
  eventRoutes,
  modelRoutes,
  workerRoutes,
  auditRoutes,
  projectRoutes,
  gcRoutes,
  keyRoutes,
  healthRoutes,
];

const HOUR = 3_600;
const MEGABYTE = 1_000_000;
/** Of bodies that are neither a sweep nor a file. */
const SMALL_BODY = MEGABYTE;

/** Cells of rankings kept in memory, about 1 kB each. */
const CELLS_KEPT = 200_000;

export interface AppOptions extends Omit<
  Services,
  'wakeups' | 'rankings' | 'limits' | 'graceSeconds' | 'dataRoots' | 'tracing'
> {
  log: FastifyBaseLogger;
  /** Nothing is recorded where nobody says otherwise. */
  tracing?: Tracing;
  /** Wake them with the store's notifications; without, event streams look for news every few seconds. */
  wakeups?: Wakeups;
  limits?: Partial<Limits>;
  /** An hour where nobody says otherwise. */
  graceSeconds?: number;
  /** None where nobody says otherwise. */
  dataRoots?: readonly string[];
  /** Whether callers must show an API key; false lets everybody do everything. */
  keysRequired?: boolean;
  /** Of one key or address; none where nobody says otherwise. */
  requestsPerSecond?: number;
}

/** The HTTP service, ready to `listen` or `inject`. Closing it leaves store and queues open. */
export function buildApp({
  log,
  tracing = NO_TRACING,
  wakeups = new Wakeups(),
  limits,
  graceSeconds = HOUR,
  dataRoots = [],
  keysRequired = false,
  requestsPerSecond = 0,
  ...rest
}: AppOptions): FastifyInstance {
  const services: Services = {
    ...rest,
    tracing,
    wakeups,
    rankings: new Answers(rest.store.events, { weigh: (cells) => cells.length, most: CELLS_KEPT }),
    graceSeconds,
    dataRoots,
    inspect: withUploads(rest.store, rest.inspect),
    tensorsOf: (sha256) => tensorsOf(sha256, rest),
    limits: { spec: 10 * MEGABYTE, artifact: 4_096 * MEGABYTE, dataset: 65_536 * MEGABYTE, ...limits },
  };
  const app: FastifyInstance = Fastify({
    loggerInstance: log,
    genReqId: () => randomUUID(),
    bodyLimit: SMALL_BODY,
    routerOptions: { maxParamLength: 300 },
    frameworkErrors: frameworkProblem,
    clientErrorHandler: clientProblem,
  });
  app.register(validation);
  app.register(problems);
  app.register(securityHeaders);
  app.register(rateLimits, { perSecond: requestsPerSecond });
  app.register(audit, { store: services.store });
  app.register(access, { store: services.store, keysRequired });
  app.register(openapi);
  app.register(metrics, services);
  app.register(docs);
  app.register(jsonBodies);
  for (const routes of ROUTES) app.register(routes, { services });
  return app;
}
