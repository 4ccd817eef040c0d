import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { survivors, until } from '../support/processes.js';
import { type Stack, startStack } from '../support/stack.js';
import { ends, expectUndisturbed, finished, submitOne } from '../support/stubRuns.js';

let stack: Stack;
beforeEach(async () => {
  stack = await startStack();
});
// Fails when a trainer has outlived its supervisor.
afterEach(() => stack.close());

/** The processes that trained, in the order in which they began a run. */
const trainers = (): number[] => stack.witness().flatMap(({ event, pid }) => (event === 'start' ? [pid] : []));

/** Trains runs of the stub one after the other; their ids. */
async function trainAll(...params: Record<string, unknown>[]): Promise<string[]> {
  const ids = [];
  for (const each of params) {
    const sweep = await submitOne(stack, { ms_per_step: 1, ...each }, { maxFailures: 2 });
    ids.push((await stack.run(sweep, 'end', finished)).id);
  }
  return ids;
}

const backend = async (runId: string) => (await stack.store.runs.attempts(runId))[0]?.backend;

describe('a trainer process', () => {
  it('goes from run to run, and no number shows it', async () => {
    await stack.startWorker();
    const [first = '', second = '', third = ''] = await trainAll({}, { y: 0.5 }, {});
    expect(new Set(trainers()).size).toBe(1);
    for (const id of [first, second, third]) await expectUndisturbed(stack, id, {});
    expect(await backend(first)).toMatchObject({ warm: false, startSeconds: expect.any(Number) });
    expect(await backend(third)).toMatchObject({ warm: true, startSeconds: expect.any(Number) });
    const logs = await (await stack.call('GET', `/v1/runs/${second}/logs`)).text();
    expect(logs).not.toContain(first);
  });

  it('is replaced after a failure, and after a run that left a tensor', async () => {
    await stack.startWorker();
    const [, failed = ''] = await trainAll({}, { mode: 'throw' }, {}, { mode: 'leak', y: 0.1 }, { y: 0.2 }, { y: 0.3 });
    expect(await ends(stack, failed)).toEqual(['crashed', 'crashed']);
    // Runs: good, thrown in the same process, thrown in a second, good in a third, leaking there, two in a fourth.
    const pids = trainers();
    expect(pids.map((pid) => pids.indexOf(pid))).toEqual([0, 0, 2, 3, 3, 5, 5]);
  });

  it('is replaced after so many runs, or at once where it may not be warm', async () => {
    const worker = await stack.startWorker({ TRAWL_WARM_RUNS: '2' });
    await trainAll({}, { y: 0.1 }, { y: 0.2 });
    worker.kill('SIGTERM');
    await worker.exited;
    await stack.startWorker({ TRAWL_WARM_RUNS: '1' });
    await trainAll({ y: 0.3 }, { y: 0.4 });
    const pids = trainers();
    expect(pids.map((pid) => pids.indexOf(pid))).toEqual([0, 0, 2, 3, 4]);
  });

  it('that dies while it waits costs the next run nothing', async () => {
    await stack.startWorker();
    await trainAll({});
    const [idle = 0] = trainers();
    process.kill(idle, 'SIGSTOP');
    // Stopped, it takes the order and dies of it unread.
    const sweep = await submitOne(stack, { ms_per_step: 1, y: 0.5 });
    await stack.run(sweep, 'a claim', ({ state }) => state === 'running');
    await until('an attempt', async () => (await stack.query('select from attempt')).length === 2);
    process.kill(idle, 'SIGKILL');
    const run = await stack.run(sweep, 'success', finished);
    expect(run).toMatchObject({ state: 'succeeded', failures: 0 });
    expect(await ends(stack, run.id)).toEqual(['succeeded']);
    await expectUndisturbed(stack, run.id, {});
  });

  it('that waits for a run does not outlive a drain', async () => {
    const worker = await stack.startWorker();
    await trainAll({});
    worker.kill('SIGTERM');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(await survivors(trainers(), 1_000)).toEqual([]);
  });
});
