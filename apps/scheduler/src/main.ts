import { catalog } from '@trawl/models/catalog';
import { openQueue, type Capability } from '@trawl/queue';
import { listen, openStore } from '@trawl/store';
import { openTracing } from '@trawl/tracing';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { readConfig } from './config.js';
import { startScheduler } from './scheduler.js';

const CAPABILITIES: readonly Capability[] = ['cpu', 'gpu'];

const config = readConfig();
const log = pino({ name: 'scheduler', level: config.logLevel });
const { leaseSeconds } = config;
const store = await openStore({
  databaseUrl: config.databaseUrl,
  poolSize: 4,
  leaseSeconds,
  onChange: (change) => log.info(change, 'state changed'),
  unsafe: config.noReaper ? { noReaper: true } : {},
});
const queues = await Promise.all(
  CAPABILITIES.map((capability) =>
    openQueue({ url: config.queueUrl, capability, onError: (error) => log.warn({ err: error, capability }, 'queue') }),
  ),
);
const onUnsent = (error: string): void => log.warn({ error }, 'spans were not sent');
const tracing = await openTracing(config.otlpEndpoint, 'trawl-scheduler', onUnsent);
const scheduler = startScheduler({ store, queues, catalog, log, tracing, leaseSeconds });
const listening = await listen(config.databaseUrl, scheduler.notify);
log.info('scheduling');

const grace = closeWithGrace({ delay: config.closeSeconds * 1_000, logger: false }, async ({ err, signal }) => {
  // A service manager may send several of these: only a second Ctrl-C ends the process at once.
  for (const each of ['SIGTERM', 'SIGHUP']) process.removeAllListeners(each).on(each, () => {});
  if (err) log.fatal({ err }, 'uncaught');
  else log.info({ signal }, 'closing');
  await listening.close();
  await scheduler.close();
  await Promise.all(queues.map((queue) => queue.close()));
  await store.close();
  await tracing.close();
});
// `trawl up` holds the other end: it has died.
if (process.connected) process.once('disconnect', () => grace.close());
