import { ToTrainer } from '@trawl/spec';
import { TrainerSettings } from '../config.js';
import { openChannel } from './channel.js';
import { watchParent } from './orphanWatch.js';
import { trainRun } from './run.js';

// A Ctrl-C at a terminal reaches the whole process group: the supervisor decides what it means for us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit(1));

const settings = TrainerSettings.parse(JSON.parse(process.argv[2] ?? 'null'));
watchParent(settings.supervisorPid);

const stop = new AbortController();
const channel = openChannel((message, done) => {
  process.send?.(message, undefined, undefined, done);
});

let started = false;
process.on('message', (raw) => {
  const message = ToTrainer.parse(raw);
  if (message.type === 'stop') {
    stop.abort(message.reason);
    return;
  }
  if (started) throw new Error('a trainer process trains one run');
  started = true;
  void trainRun(message, settings, channel, stop.signal).then(() => process.exit(0));
});
