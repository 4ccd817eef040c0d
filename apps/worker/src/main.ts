import './youngGeneration.js';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { CannotStart } from './cannotStart.js';
import { readConfig } from './config.js';
import { startSupervisor, type Supervisor } from './supervisor/supervisor.js';

/** Beyond the drain, for closing connections. */
const CLOSE_SECONDS = 5;

const config = readConfig();
const log = pino({ name: 'worker', level: config.logLevel });
let supervisor: Supervisor | undefined;

// Whatever ends this process, no trainer outlives it (and one that is missed here ends with its IPC channel).
process.on('exit', () => supervisor?.kill());

const grace = closeWithGrace(
  { delay: (config.drainSeconds + CLOSE_SECONDS) * 1000, logger: log },
  async ({ err, signal }) => {
    // A service manager may send several of these: only a second Ctrl-C ends the process at once.
    for (const each of ['SIGTERM', 'SIGHUP']) process.removeAllListeners(each).on(each, () => {});
    if (err !== undefined) {
      // Nothing here can be relied on any more: trainers die with this process, the reaper brings their runs back.
      log.fatal({ err }, 'unexpected error');
      return;
    }
    log.info({ signal }, 'closing');
    await supervisor?.drain();
  },
);
// `trawl up` holds the other end: it has died.
if (process.connected) process.once('disconnect', () => grace.close());

try {
  supervisor = await startSupervisor(config, log);
} catch (error) {
  if (!(error instanceof CannotStart)) throw error;
  log.fatal(error.message);
  // To `trawl up`, which would else start it again and again.
  await new Promise<unknown>((sent) =>
    process.send ? process.send({ type: 'cannotStart', why: error.message }, sent) : sent(null),
  );
  process.exit(1);
}
