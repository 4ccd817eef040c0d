import { inspectDataset } from '@trawl/datasets/inspect';
import { catalog } from '@trawl/models/catalog';
import { openQueue } from '@trawl/queue';
import { listen, openArtifacts, openStore } from '@trawl/store';
import { openTracing } from '@trawl/tracing';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { buildApp } from './app.js';
import { readConfig } from './config.js';
import { startJanitor } from './janitor.js';
import { isLoopback } from './loopback.js';
import { Wakeups } from './services/wakeups.js';
import { accessWarning, ensureDataRoots } from './startup.js';

const config = readConfig();
const log = pino({ name: 'api', level: config.logLevel, redact: ['req.headers.authorization'] });

for (const root of await ensureDataRoots(config.dataRoots)) log.warn({ root }, 'made a data root that was missing');
const store = await openStore({
  databaseUrl: config.databaseUrl,
  poolSize: config.poolSize,
  leaseSeconds: config.leaseSeconds,
  onChange: (change) => log.info(change, 'state changed'),
});
const warning = await accessWarning({ keysRequired: config.keysRequired, loopback: isLoopback(config.host) }, store);
if (warning !== null) log.warn(warning);
const queues = await Promise.all(
  (['cpu', 'gpu'] as const).map((capability) =>
    openQueue({ url: config.queueUrl, capability, onError: (error) => log.warn({ err: error, capability }, 'queue') }),
  ),
);
const onUnsent = (error: string): void => log.warn({ error }, 'spans were not sent');
const tracing = await openTracing(config.otlpEndpoint, 'trawl-api', onUnsent);
const wakeups = new Wakeups();
const listener = await listen(config.databaseUrl, (notification) => wakeups.notify(notification));
const artifacts = await openArtifacts({ ...config.artifacts, dataDir: config.dataDir });
const { files } = artifacts;
const graceSeconds = config.gcGraceSeconds;
const app = buildApp({
  store,
  files,
  queues,
  catalog,
  dataRoots: config.dataRoots,
  inspect: (dataset, at) => inspectDataset(dataset, { roots: config.dataRoots, at }),
  log,
  tracing,
  wakeups,
  limits: config.limits,
  graceSeconds,
  keysRequired: config.keysRequired,
  requestsPerSecond: config.requestsPerSecond,
});
const janitor = startJanitor({ store, files, graceSeconds, everySeconds: config.gcSeconds, log });

const grace = closeWithGrace({ delay: config.closeSeconds * 1_000, logger: log }, async ({ signal, err }) => {
  // A service manager may send several of these: only a second Ctrl-C ends the process at once.
  for (const each of ['SIGTERM', 'SIGHUP']) process.removeAllListeners(each).on(each, () => {});
  if (err) log.fatal({ err }, 'closing after an error');
  else log.info({ signal }, 'closing');
  await app.close();
  await janitor.close();
  await listener.close();
  artifacts.close();
  await Promise.all(queues.map((queue) => queue.close()));
  await store.close();
  await tracing.close();
});
// `trawl up` holds the other end: it has died.
if (process.connected) process.once('disconnect', () => grace.close());

const url = await app.listen({ host: config.host, port: config.port });
process.send?.({ type: 'listening', url });
