import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning, survivors, until } from '../support/processes.js';
import { startProxy } from '../support/proxy.js';
import { type Stack, startStack } from '../support/stack.js';
import { ends, expectUndisturbed, finished, submitOne, trainerAt } from '../support/stubRuns.js';

let stack: Stack;
beforeEach(async () => {
  stack = await startStack();
});
// Fails when a trainer has outlived its supervisor.
afterEach(() => stack.close());

describe('kill -9', () => {
  it('of a trainer costs one failure and no numbers', async () => {
    await stack.startWorker();
    const params = { checkpoint_steps: 3, ms_per_step: 50 };
    const sweep = await submitOne(stack, params);
    process.kill(await trainerAt(stack, sweep, 6), 'SIGKILL');
    const run = await stack.run(sweep, 'success', finished);
    expect(run).toMatchObject({ state: 'succeeded', failures: 1 });
    expect(await ends(stack, run.id)).toEqual(['out_of_memory', 'succeeded']);
    await expectUndisturbed(stack, run.id, params);
    const resumed = stack
      .witness()
      .filter(({ runId, event }) => runId === run.id && event === 'epoch')
      .at(-3);
    expect(resumed?.step).toBeGreaterThan(1);
  });

  it('of a worker takes its trainer with it; another worker goes on from the checkpoint', async () => {
    const first = await stack.startWorker();
    const params = { checkpoint_steps: 3, ms_per_step: 60 };
    const sweep = await submitOne(stack, params);
    const trainer = await trainerAt(stack, sweep, 6);
    first.kill('SIGKILL');
    expect(await survivors([trainer], 3_000)).toEqual([]);
    await stack.startWorker();
    await stack.endLeases();
    const run = await stack.run(sweep, 'success', finished);
    expect(run).toMatchObject({ state: 'succeeded', failures: 1 });
    expect(await ends(stack, run.id)).toEqual(['lost', 'succeeded']);
    await expectUndisturbed(stack, run.id, params);
  });

  it('of a worker takes even a trainer with it whose event loop stands still', async () => {
    const worker = await stack.startWorker();
    const sweep = await submitOne(stack, { mode: 'spin', at_step: 6, ms_per_step: 1 });
    const trainer = await trainerAt(stack, sweep, 1);
    await sleep(300);
    worker.kill('SIGKILL');
    expect(await survivors([trainer], 5_000)).toEqual([]);
  });
});

describe('a lost lease', () => {
  it('stops a worker that cannot reach Postgres before another may have its run', async () => {
    const proxy = await startProxy(stack.databaseUrl);
    await stack.startWorker({ DATABASE_URL: proxy.url });
    const sweep = await submitOne(stack, { ms_per_step: 100, epochs: 1_000 });
    const trainer = await trainerAt(stack, sweep, 1);
    const claimed = await stack.query('select lease_until from run');
    await proxy.down();
    await until('the trainer to be killed', () => !isRunning(trainer), 35_000);
    const [row] = await stack.query('select lease_until > now() as held from run');
    expect(claimed).toHaveLength(1);
    expect(row).toEqual({ held: true });
    await proxy.up();
    await stack.call('POST', `/v1/sweeps/${sweep}/cancel`);
    await proxy.down();
  });

  it('is noticed by a frozen worker when it wakes: it writes nothing, another has the run', async () => {
    const frozen = await stack.startWorker();
    const params = { checkpoint_steps: 4, ms_per_step: 100, epochs: 6 };
    const sweep = await submitOne(stack, params);
    const trainer = await trainerAt(stack, sweep, 6);
    frozen.kill('SIGSTOP');
    await sleep(31_000);
    await stack.startWorker();
    await until('the second attempt', () =>
      stack.witness().some(({ event, pid }) => event === 'epoch' && pid !== trainer),
    );
    frozen.kill('SIGCONT');
    expect(await survivors([trainer], 2_000)).toEqual([]);
    const run = await stack.run(sweep, 'success', finished);
    expect(run).toMatchObject({ state: 'succeeded', failures: 1 });
    await expectUndisturbed(stack, run.id, params);
    expect(frozen.logged().filter(({ msg }) => String(msg).startsWith('run lost'))).toHaveLength(1);
  });

  it('is not believed in longer than the database says: a stale fence is refused and the trainer killed', async () => {
    await stack.startWorker();
    const sweep = await submitOne(stack, { ms_per_step: 20, epochs: 1_000, mode: 'deaf' });
    const trainer = await trainerAt(stack, sweep, 6);
    // As when another worker had claimed it; no notification tells this one.
    await stack.query(`update run set fence = fence + 2`);
    expect(await survivors([trainer], 2_000)).toEqual([]);
    await stack.call('POST', `/v1/sweeps/${sweep}/cancel`);
  });
});
