import { setTimeout as sleep } from 'node:timers/promises';
import { openQueue } from '@trawl/queue';
import type { RunView } from '@trawl/spec';
import type { UnsafeSwitches } from '@trawl/store';
import { describe, expect, it } from 'vitest';
import { until } from '../support/processes.js';
import { type Stack, startStack } from '../support/stack.js';
import { submitOne, trainerAt } from '../support/stubRuns.js';
import type { Testimony } from '../support/worker.js';
import { violations } from './violations.js';

/*
 * Each scenario is played with the protection that it tests, and must end well, and without, and must not: a test
 * that cannot fail shows nothing.
 */

async function withStack<T>(unsafe: UnsafeSwitches, play: (stack: Stack) => Promise<T>): Promise<T> {
  const stack = await startStack({ unsafe });
  try {
    return await play(stack);
  } finally {
    await stack.close();
  }
}

const allSucceeded = (stack: Stack, sweep: string) => async (): Promise<boolean> =>
  (await stack.runs(sweep)).every(({ state }) => state === 'succeeded');

/** No lease is waited for any more: what runs now runs for ever, or nowhere. */
async function leasesAreOver(stack: Stack): Promise<boolean> {
  const [row] = await stack.query(
    `select count(*) filter (where lease_until > now() - interval '3 seconds') as held, count(*) as running
     from run where state = 'running'`,
  );
  return Number(row?.['held']) === 0;
}

/** Two workers share a sweep of twelve runs; one is killed in the middle of two. */
async function killWorker(stack: Stack): Promise<string[]> {
  const epochs = 8;
  const sweep = await stack.submit({
    grid: { x: [1, 2, 3], y: [0, 1] },
    params: { epochs, ms_per_step: 100, checkpoint_steps: 4 },
    seeds: [1, 2],
  });
  const first = await stack.startWorker({ TRAWL_SLOTS: '2' });
  await stack.startWorker({ TRAWL_SLOTS: '2' });
  await until('a first run to end', () => stack.witness().some(({ event }) => event === 'end'), 60_000);
  const mid = await until(
    'the first worker in mid-run',
    async () => {
      const mine = (await stack.runs(sweep)).filter(
        ({ worker, state }) => state === 'running' && worker?.endsWith(`:${first.pid}`),
      );
      const witness = stack.witness();
      const has = (event: Testimony['event'], epoch: number) => (run: RunView) =>
        witness.some((line) => line.runId === run.id && line.event === event && line.epoch >= epoch);
      // Two: a job that was fetched and not claimed waits for its lock, which is longer than this test. One has something to
      // resume from, none is about to end.
      const between = mine.length === 2 && mine.some(has('checkpoint', 1)) && !mine.some(has('epoch', epochs - 2));
      return between ? mine.map(({ id }) => id) : null;
    },
    60_000,
  );
  first.kill('SIGKILL');
  const done = allSucceeded(stack, sweep);
  await until('the sweep or the leases to end', async () => (await done()) || (await leasesAreOver(stack)), 90_000);
  // A scheduler with a reaper needs a moment to bring a run back, a worker a few seconds to train it.
  await until('the sweep to end', done, 20_000).catch(() => {});
  const runs = await stack.runs(sweep);
  expect(runs).toHaveLength(12);
  for (const { id, failures } of runs) expect(failures).toBeLessThanOrEqual(mid.includes(id) ? 1 : 0);
  return violations(stack, sweep, epochs);
}

/** A worker freezes for longer than its lease, wakes, and believes that nothing has happened. */
async function zombie(stack: Stack, unsafe: string): Promise<string[]> {
  const epochs = 12;
  const frozen = await stack.startWorker({ TRAWL_UNSAFE: unsafe });
  const sweep = await submitOne(stack, { epochs, ms_per_step: 100 });
  await trainerAt(stack, sweep, 6);
  frozen.kill('SIGSTOP');
  await until('the reaper', async () => (await stack.runs(sweep)).every(({ failures }) => failures === 1), 60_000);
  await stack.startWorker();
  await until('the second attempt to train', () =>
    stack.witness().some(({ fence, epoch }) => fence > 1 && epoch === 2),
  );
  frozen.kill('SIGCONT');
  await until('success', allSucceeded(stack, sweep), 60_000);
  await sleep(500);
  // The frozen worker's trainer went on all the while: that it overlaps with the next is not in question.
  return (await violations(stack, sweep, epochs)).filter((what) => !/an attempt went on|trained to its end/.test(what));
}

/** The queue hands out a job of a run that runs already. */
async function deliveredTwice(stack: Stack, unsafe: string): Promise<string[]> {
  const epochs = 10;
  await stack.startWorker({ TRAWL_UNSAFE: unsafe });
  await stack.startWorker({ TRAWL_UNSAFE: unsafe });
  const sweep = await submitOne(stack, { epochs, ms_per_step: 60, checkpoint_steps: 4 });
  await trainerAt(stack, sweep, 6);
  const queue = await openQueue({ url: stack.databaseUrl, capability: 'cpu' });
  await queue.add((await stack.runs(sweep)).map(({ id, fence }) => ({ runId: id, fence })));
  await queue.close();
  await until('success', allSucceeded(stack, sweep), 60_000);
  const attempts = new Set(stack.witness().map(({ fence }) => fence)).size;
  return [...(await violations(stack, sweep, epochs)), ...(attempts === 1 ? [] : [`${attempts} attempts`])];
}

describe.concurrent('kill -9 of a worker in mid-run', () => {
  it('no run is missed, none trained twice at once, and every number is there once', async () => {
    expect(await withStack({}, killWorker)).toEqual([]);
  });
  it('(without the reaper its runs are missed)', async () => {
    const wrong = await withStack({ noReaper: true }, killWorker);
    expect(wrong.join('\n')).toMatch(/is running$/m);
  });
});

describe.concurrent('a worker that wakes after its lease and goes on', () => {
  it('writes nothing: the fence refuses it', async () => {
    expect(await withStack({}, (stack) => zombie(stack, 'noLease'))).toEqual([]);
  });
  it('(without the fence it writes over the next attempt)', async () => {
    const wrong = await withStack({}, (stack) => zombie(stack, 'noLease,noFence'));
    expect(wrong.join()).toMatch(/was written by fences/);
  });
});

describe.concurrent('a job that is delivered twice', () => {
  it('is trained once: only one claim succeeds', async () => {
    expect(await withStack({}, (stack) => deliveredTwice(stack, ''))).toEqual([]);
  });
  it('(without compare-and-set it is trained twice)', async () => {
    expect(await withStack({}, (stack) => deliveredTwice(stack, 'noCas'))).not.toEqual([]);
  });
});

describe.concurrent('two workers started by hand', () => {
  it('share a sweep: no run twice, none missed', async () => {
    const epochs = 2;
    const wrong = await withStack({}, async (stack) => {
      const [first, second] = [
        await stack.startWorker({ TRAWL_SLOTS: '2' }),
        await stack.startWorker({ TRAWL_SLOTS: '2' }),
      ];
      const sweep = await stack.submit({
        grid: { x: [1, 2, 3, 4, 5], y: [0, 1] },
        params: { epochs, ms_per_step: 20 },
        seeds: [1, 2],
      });
      await until('success', allSucceeded(stack, sweep), 60_000);
      expect(stack.witness().filter(({ event }) => event === 'start')).toHaveLength(20);
      const workers = await stack.query(
        'select distinct worker.pid from attempt join worker on worker.id = attempt.worker_id',
      );
      expect(new Set(workers.map(({ pid }) => pid))).toEqual(new Set([first.pid, second.pid]));
      return violations(stack, sweep, epochs);
    });
    expect(wrong).toEqual([]);
  });
});
