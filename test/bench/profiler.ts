// Loaded into a role by `--import`: --cpu-prof is not allowed in NODE_OPTIONS before Node 22. Writes when the process ends.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { basename, dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

// Sixteen trainers that sample themselves would be most of what is measured.
const isTrainer = process.send !== undefined;
if (isMainThread && !isTrainer) profile(process.env['TRAWL_BENCH_PROFILE'] ?? '.');

function profile(folder: string): void {
  const role = basename(dirname(dirname(process.argv[1] ?? '')));
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.start');
  process.on('exit', () => {
    // In this thread the answer comes before post returns.
    session.post('Profiler.stop', (error, answer) => {
      if (error !== null) return;
      writeFileSync(join(folder, `${role}-${process.pid}.cpuprofile`), JSON.stringify(answer.profile));
    });
  });
}
