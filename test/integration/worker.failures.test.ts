import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/processes.js';
import { type Stack, startStack } from '../support/stack.js';
import { ends, expectUndisturbed, finished, submitOne } from '../support/stubRuns.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  // The bound is for the mode that fills its heap.
  await stack.startWorker({ TRAWL_SLOTS: '3', NODE_OPTIONS: '--max-old-space-size=100' });
});
// Fails when a trainer has outlived its supervisor.
afterAll(() => stack.close());

describe.concurrent('a failure', () => {
  it.each([
    ['throw', 'crashed'],
    ['crash', 'crashed'],
    ['exit', 'crashed'],
    ['junk', 'crashed'],
    ['sigkill', 'out_of_memory'],
    ['heap', 'out_of_memory'],
    ['oom', 'out_of_memory'],
    ['nan', 'diverged'],
    ['invalid', 'invalid_data'],
  ])('"%s" is of class %s and leaves a log', async (mode, failureClass) => {
    const sweep = await submitOne(stack, { mode, ms_per_step: 1 }, { maxFailures: 1 });
    const run = await stack.run(sweep, 'failure', finished, 60_000);
    expect(run).toMatchObject({ state: 'failed', failureClass, failures: 1 });
    expect(run.failureMessage).not.toBe('');
    const log = await (await stack.call('GET', `/v1/runs/${run.id}/logs`)).text();
    expect(log).toContain(failureClass);
  });

  it.each(['hang', 'spin', 'flood'])('"%s" is stalled', async (mode) => {
    const sweep = await submitOne(stack, { mode, ms_per_step: 1 }, { maxFailures: 1, stallMinutes: 0.05 });
    const run = await stack.run(sweep, 'failure', finished, 60_000);
    expect(run).toMatchObject({ state: 'failed', failureClass: 'stalled' });
  });

  it('is invalid data when the weights to start from are not there', async () => {
    const sweep = await stack.submit({
      params: { ms_per_step: 1, epochs: 1 },
      stages: [
        { name: 'first', grid: { x: [1] } },
        { name: 'second', grid: { x: [2] }, from: { stage: 'first', artifact: 'no-such-weights' } },
      ],
    });
    const second = async () => (await stack.runs(sweep)).find(({ stages }) => stages.includes('second'));
    const run = await until('failure', async () => ((await second())?.state === 'failed' ? second() : null), 60_000);
    expect(run).toMatchObject({ failureClass: 'invalid_data', failureMessage: expect.stringContaining('weights') });
  });

  it('is told of a full disk; the checkpoint before stands, and another try goes on from it', async () => {
    const params = { mode: 'full', at_step: 7, once: true, checkpoint_steps: 5, ms_per_step: 5 };
    const sweep = await submitOne(stack, params);
    const run = await stack.run(sweep, 'success', finished, 60_000);
    expect(run).toMatchObject({ state: 'succeeded', failures: 1 });
    const attempts = await stack.store.runs.attempts(run.id);
    expect(attempts.map(({ end, message }) => [end, message])).toContainEqual([
      'crashed',
      expect.stringMatching(/^the worker's disk is full: ENOSPC.*make room/),
    ]);
    const checkpoints = stack.witness().filter(({ runId, event }) => runId === run.id && event === 'checkpoint');
    expect(checkpoints.map(({ step }) => step)).toEqual([5, 10, 15, 20]);
    await expectUndisturbed(stack, run.id, params);
  });

  it('does not come of garbage on the output', async () => {
    const sweep = await submitOne(stack, { mode: 'garbage' });
    const run = await stack.run(sweep, 'success', finished, 60_000);
    expect(run.state).toBe('succeeded');
  });

  it('is a timeout when the attempt takes too long, after a last checkpoint', async () => {
    const sweep = await submitOne(stack, { ms_per_step: 100, epochs: 100 }, { timeoutMinutes: 0.03 });
    const run = await stack.run(sweep, 'failure', finished, 60_000);
    expect(run).toMatchObject({ state: 'failed', failureClass: 'timeout', failures: 1 });
    expect(await stack.store.artifacts.checkpointOf(run.id)).not.toBeNull();
  });

  it('is counted and tried again from the checkpoint, without gaps or doubles', async () => {
    const params = { mode: 'crash', at_step: 12, once: true, checkpoint_steps: 5, ms_per_step: 5 };
    const sweep = await submitOne(stack, params);
    const run = await stack.run(sweep, 'success', finished, 60_000);
    expect(run).toMatchObject({ state: 'succeeded', failures: 1 });
    expect(await ends(stack, run.id)).toEqual(['crashed', 'succeeded']);
    await expectUndisturbed(stack, run.id, params);
  });

  it('that comes again and again is final after maxFailures', async () => {
    const sweep = await submitOne(stack, { mode: 'crash', ms_per_step: 1 }, { maxFailures: 3 });
    const run = await stack.run(sweep, 'failure', finished, 60_000);
    expect(run).toMatchObject({ state: 'failed', failureClass: 'crashed', failures: 3 });
    expect(await ends(stack, run.id)).toEqual(['crashed', 'crashed', 'crashed']);
  });
});
