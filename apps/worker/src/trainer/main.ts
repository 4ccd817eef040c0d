import { type StartMessage, ToTrainer } from '@trawl/spec';
import { TrainerSettings } from '../config.js';
import { openChannel } from './channel.js';
import { openFitness } from './fitness.js';
import { watchParent } from './orphanWatch.js';
import { trainRun } from './run.js';
import { openWorkshop } from './workshop.js';

// A Ctrl-C at a terminal reaches the whole process group: the supervisor decides what it means for us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit(1));

const settings = TrainerSettings.parse(JSON.parse(process.argv[2] ?? 'null'));
watchParent(settings.supervisorPid);

const channel = openChannel((message, done) => {
  process.send?.(message, undefined, undefined, done);
});
const workshop = openWorkshop(settings);
const fitness = openFitness(settings.runs);

/** Of the run in hand. */
let stop: AbortController | null = null;

async function serve(start: StartMessage, { signal }: AbortController): Promise<void> {
  const done = await trainRun(start, settings.trainerLog, workshop, channel, signal);
  const worn = fitness.wornBy(done);
  if (worn !== null) {
    channel.post({ type: 'log', level: 'debug', message: `this process ends: ${worn}` });
    await channel.drained();
    process.exit(0);
  }
  stop = null;
  channel.post({ type: 'idle' });
}

process.on('message', (raw) => {
  const message = ToTrainer.parse(raw);
  if (message.type === 'stop') {
    // One that crossed the end of its run on the way is for nobody.
    stop?.abort(message.reason);
    return;
  }
  if (stop !== null) throw new Error('a trainer process trains one run at a time');
  stop = new AbortController();
  void serve(message, stop);
});
