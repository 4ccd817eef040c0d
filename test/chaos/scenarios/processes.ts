import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/processes.js';
import { busyWorker, ended, midRun, pause, pick, training } from '../look.js';
import { PATIENCE_MS } from '../patience.js';
import type { Scenario } from '../scenario.js';
import { LEASE_SECONDS } from '../site.js';

/** A process of each role dies, by kill -9 and by SIGTERM. */
export const processes: Scenario[] = [
  {
    name: 'trainer-kill',
    what: 'kill -9 of trainers, three times',
    async play(site) {
      for (let n = 0; n < 3; n += 1) {
        await midRun(site, 1);
        const victim = pick(site, training(site));
        if (victim !== undefined) process.kill(victim.pid, 'SIGKILL');
        await pause(site, 100, 600);
      }
    },
  },
  {
    name: 'trainer-term',
    what: 'SIGTERM to trainers, which is not for them',
    mostFailures: 0,
    async play(site) {
      for (const { pid } of await midRun(site, 2)) process.kill(pid, 'SIGTERM');
    },
  },
  {
    name: 'worker-kill',
    what: 'kill -9 of a worker in mid-run',
    mostFailures: 1,
    async play(site, sweepId) {
      const { worker } = await busyWorker(site, sweepId);
      worker.kill('SIGKILL');
    },
  },
  {
    name: 'worker-term',
    what: 'SIGTERM to a worker in mid-run, and another in its place',
    mostFailures: 0,
    async play(site, sweepId) {
      const { worker } = await busyWorker(site, sweepId);
      worker.kill('SIGTERM');
      const { code } = await ended(worker);
      await site.startWorker();
      return code === 0 ? [] : [`${worker.name} ended with ${code}`];
    },
  },
  {
    name: 'worker-frozen',
    what: 'SIGSTOP of a worker past its lease, then SIGCONT',
    overlap: true,
    cells: 4,
    stub: { ms_per_step: 250 },
    async play(site, sweepId) {
      const { worker, runs } = await busyWorker(site, sweepId);
      worker.kill('SIGSTOP');
      const taken = async (): Promise<boolean> =>
        (await site.runs(sweepId)).some(({ id, fence }) => runs.some((run) => run.id === id && fence > run.fence + 1));
      await until('another attempt at its runs', taken, PATIENCE_MS);
      await sleep(500);
      worker.kill('SIGCONT');
    },
  },
  {
    name: 'worker-blocked',
    what: "a supervisor's event loop that stands still past its lease",
    overlap: true,
    cells: 4,
    stub: { ms_per_step: 250 },
    async worker(site) {
      const { writeFile } = await import('node:fs/promises');
      const path = `${site.folder}/block.mjs`;
      await writeFile(
        path,
        `process.on('SIGUSR2', () => { for (const end = Date.now() + ${LEASE_SECONDS * 1500}; Date.now() < end; ); });`,
      );
      return { NODE_OPTIONS: `--import=${path}` };
    },
    async play(site, sweepId) {
      const { worker, runs } = await busyWorker(site, sweepId);
      worker.kill('SIGUSR2');
      await until(
        'its runs to be lost',
        async () =>
          (await site.runs(sweepId)).some(({ id, fence }) => runs.some((r) => r.id === id && fence > r.fence)),
        PATIENCE_MS,
      );
    },
  },
  {
    name: 'scheduler-kill',
    what: 'kill -9 of a scheduler, with a standby, and of a worker after it',
    async play(site, sweepId) {
      const [first] = site.schedulers;
      await site.startScheduler();
      await midRun(site);
      first?.kill('SIGKILL');
      const { worker } = await busyWorker(site, sweepId);
      worker.kill('SIGKILL');
    },
  },
  {
    name: 'scheduler-term',
    what: 'SIGTERM to the only scheduler, and another 3 s later',
    mostFailures: 0,
    async play(site) {
      await midRun(site);
      const [only] = site.schedulers;
      only?.kill('SIGTERM');
      const end = only && (await ended(only));
      await sleep(3_000);
      await site.startScheduler();
      return end?.code === 0 ? [] : [`the scheduler ended with ${end?.code}`];
    },
  },
  {
    name: 'api-kill',
    what: 'kill -9 of the api, and another 3 s later',
    mostFailures: 0,
    async play(site) {
      await midRun(site);
      await pause(site, 0, 500);
      site.api.kill('SIGKILL');
      await sleep(3_000);
      await site.startApi();
    },
  },
  {
    name: 'api-term',
    what: 'SIGTERM to the api, and another at once',
    mostFailures: 0,
    async play(site) {
      await midRun(site);
      const { api } = site;
      api.kill('SIGTERM');
      const { code } = await ended(api);
      await site.startApi();
      return code === 0 ? [] : [`the api ended with ${code}`];
    },
  },
];
