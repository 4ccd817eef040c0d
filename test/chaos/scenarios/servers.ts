import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openQueue } from '@trawl/queue';
import { until } from '../../support/processes.js';
import { midRun } from '../look.js';
import { PATIENCE_MS } from '../patience.js';
import type { Scenario } from '../scenario.js';

/** Whether this user may mount a small disk in a namespace of its own. */
export const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

/** A server that the roles rely on dies, forgets, or cannot be reached. */
export const servers: Scenario[] = [
  {
    name: 'redis-kill',
    what: 'kill -9 of Redis, and back after 2 s',
    queues: ['redis'],
    mostFailures: 0,
    async play(site) {
      await midRun(site);
      await site.redis?.crash();
      await sleep(2_000);
      await site.redis?.up();
    },
  },
  {
    name: 'redis-flush',
    what: 'FLUSHALL, twice',
    queues: ['redis'],
    mostFailures: 0,
    async play(site) {
      await midRun(site);
      site.redis?.flush();
      await sleep(2_000);
      site.redis?.flush();
    },
  },
  {
    name: 'redis-restart',
    what: 'Redis shut down, and back after 5 s',
    queues: ['redis'],
    mostFailures: 0,
    async play(site) {
      await midRun(site);
      await site.redis?.down();
      await sleep(5_000);
      await site.redis?.up();
    },
  },
  {
    name: 'postgres-restart',
    what: 'Postgres shut down and started again',
    async play(site) {
      await midRun(site);
      await site.postgres.restart();
    },
  },
  {
    name: 'postgres-away',
    what: 'Postgres out of reach for 20 s',
    async play(site) {
      await midRun(site);
      await site.postgres.away();
      await sleep(20_000);
      await site.postgres.back();
    },
  },
  {
    name: 'job-twice',
    what: 'the queue hands out jobs of runs that run already',
    mostFailures: 0,
    async play(site, sweepId) {
      await midRun(site);
      const queue = await openQueue({ url: site.queueUrl, capability: 'cpu' });
      const running = (await site.runs(sweepId)).filter(({ state }) => state === 'running');
      await queue.add(running.map(({ id, fence }) => ({ runId: id, fence })));
      await queue.close();
    },
  },
  {
    name: 'disk-full',
    what: "the disk of the api's files is full until an upload was refused",
    mostFailures: 0,
    api(site) {
      const artifacts = `${site.folder}/artifacts`;
      mkdirSync(artifacts, { recursive: true });
      return ['unshare', '-rm', 'sh', '-c', `mount -t tmpfs -o size=8m none ${artifacts} && exec "$@"`, 'sh'];
    },
    async play(site, sweepId) {
      await midRun(site);
      // The disk is mounted for the api alone: seen from its root.
      const inside = `/proc/${site.api.pid}/root${site.folder}/artifacts`;
      const ballast = `${inside}/ballast`;
      const full = (): boolean => {
        try {
          writeFileSync(ballast, Buffer.alloc(8_000_000), { flag: 'a' });
          return false;
        } catch {
          return statSync(ballast).size > 0;
        }
      };
      await until('the disk to be full', full, PATIENCE_MS);
      await sleep(2_000);
      const refused = (): boolean =>
        site.workers.some((worker) => worker.output().includes('The disk of the service is full'));
      // Where the machine gave this process no time meanwhile, it came too late for all of them.
      const tooLate = async (): Promise<boolean> =>
        (await site.runs(sweepId)).every(({ state }) => state === 'succeeded');
      const over = async (): Promise<boolean> => refused() || tooLate();
      await until('an upload to be refused', over, PATIENCE_MS).finally(() => rmSync(ballast));
    },
  },
];
