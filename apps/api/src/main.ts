import { join } from 'node:path';
import closeWithGrace from 'close-with-grace';
import { inspectDataset } from '@trawl/datasets/inspect';
import { catalog } from '@trawl/models/catalog';
import { trainerNames } from '@trawl/models/trainers';
import { openQueue } from '@trawl/queue';
import { listen, LocalArtifacts, openStore } from '@trawl/store';
import pino from 'pino';
import { buildApp } from './app.js';
import { readConfig } from './config.js';
import { checkDataRoots, checkTrainers } from './startup.js';
import { Wakeups } from './services/wakeups.js';

const config = readConfig();
const log = pino({ level: config.TRAWL_LOG_LEVEL, redact: ['req.headers.authorization'] });

checkTrainers(catalog, trainerNames);
await checkDataRoots(config.TRAWL_DATA_ROOTS);
const store = await openStore({ databaseUrl: config.DATABASE_URL, poolSize: config.TRAWL_DATABASE_POOL_SIZE });
const url = config.REDIS_URL ?? config.DATABASE_URL;
const queues = await Promise.all((['cpu', 'gpu'] as const).map((capability) => openQueue({ url, capability })));

const wakeups = new Wakeups();
const listener = await listen(config.DATABASE_URL, (notification) => wakeups.notify(notification));
const roots = config.TRAWL_DATA_ROOTS;
const app = buildApp({
  store,
  files: new LocalArtifacts(join(config.TRAWL_DATA_DIR, 'artifacts')),
  queues,
  catalog,
  inspect: (dataset, path) => inspectDataset(dataset, { roots, at: path }),
  log,
  wakeups,
  limits: { spec: config.TRAWL_SPEC_LIMIT_MEGABYTES, artifact: config.TRAWL_ARTIFACT_LIMIT_MEGABYTES },
});

closeWithGrace({ delay: config.TRAWL_CLOSE_SECONDS * 1_000, logger: log }, async ({ signal, err }) => {
  if (err) log.error({ err }, 'closing after an error');
  else log.info({ signal }, 'closing');
  await app.close();
  await Promise.all([listener.close(), ...queues.map((queue) => queue.close())]);
  await store.close();
});
await app.listen({ host: config.TRAWL_HOST, port: config.TRAWL_PORT });
