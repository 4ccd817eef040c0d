import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/processes.js';
import { PATIENCE_MS } from '../patience.js';
import type { Scenario } from '../scenario.js';

const ROUND_MS = 2_000;
const PROBABILITY = 0.03;
const WORKERS = 4;

/** Every 2 s each worker dies with p = 0.03, as in Ray's release test, and another comes in its place. */
export const nodeKiller: Scenario = {
  name: 'node-killer',
  what: 'every 2 s each of 4 workers is killed with p = 0.03 and replaced, over a long sweep',
  cells: 40,
  workers: WORKERS,
  stub: { ms_per_step: 150 },
  async play(site, sweepId) {
    const done = async (): Promise<boolean> => {
      const runs = await site.runs(sweepId);
      return runs.length > 0 && runs.every(({ state }) => state === 'succeeded');
    };
    await until(
      'the long sweep to end',
      async () => {
        await sleep(ROUND_MS);
        for (const worker of site.workers) if (site.dice() < PROBABILITY) worker.kill('SIGKILL');
        await sleep(100);
        for (let n = site.workers.length; n < WORKERS; n += 1) await site.startWorker();
        return done();
      },
      3 * PATIENCE_MS,
    );
  },
};
