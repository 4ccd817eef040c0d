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

describe('a run', () => {
  it('is trained to success, with metrics, summary, progress, artifact, log and attempt', async () => {
    const worker = await stack.startWorker();
    const sweep = await submitOne(stack, { artifact_bytes: 300_000 });
    const run = await stack.run(sweep, 'success', finished);
    expect(run).toMatchObject({ state: 'succeeded', epoch: 4, epochs: 4, step: 20, failures: 0 });
    await expectUndisturbed(stack, run.id, {});
    const artifacts = await stack.store.artifacts.of(run.id);
    expect(artifacts.map(({ name, kind, size }) => [name, kind, size])).toEqual(
      expect.arrayContaining([['weights.safetensors', 'weights', 300_000]]),
    );
    const file = await stack.call('GET', `/v1/artifacts/${artifacts.find(({ kind }) => kind === 'weights')?.id}`);
    expect(Buffer.from(await file.arrayBuffer()).equals(Buffer.alloc(300_000, 1))).toBe(true);
    const [attempt] = await stack.store.runs.attempts(run.id);
    expect(attempt).toMatchObject({ end: 'succeeded', backend: { backend: 'cpu', device: 'stub' } });
    const changes = worker.logged().filter(({ msg, runId }) => msg === 'state changed' && runId === run.id);
    expect(changes).toMatchObject([
      { what: 'run', sweepId: sweep, attempt: 1, from: 'queued', to: 'running' },
      { what: 'run', sweepId: sweep, attempt: 1, from: 'running', to: 'succeeded' },
    ]);
    await until('the sweep to end', async () => (await stack.store.sweeps.detail(sweep))?.state === 'succeeded');
  });

  it('runs beside others, as many as there are slots', async () => {
    await stack.startWorker({ TRAWL_SLOTS: '3' });
    const sweep = await stack.submit({ grid: { x: [1, 2, 3, 4, 5, 6] }, params: { ms_per_step: 5 }, seeds: [1] });
    await until('all to end', async () => (await stack.runs(sweep)).every(finished));
    const alive = new Set<string>();
    let most = 0;
    for (const { event, runId } of stack.witness()) {
      if (event === 'start') alive.add(runId);
      if (event === 'end') alive.delete(runId);
      most = Math.max(most, alive.size);
    }
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(3);
  });

  it('waits for files while the api is away, and loses nothing', async () => {
    const proxy = await startProxy(stack.apiUrl);
    await stack.startWorker({ TRAWL_API_URL: proxy.url });
    const sweep = await submitOne(stack, { checkpoint_steps: 4, artifact_bytes: 1_000, ms_per_step: 30 });
    await trainerAt(stack, sweep, 1);
    await proxy.down();
    await sleep(2_500);
    expect(await stack.runs(sweep)).toMatchObject([{ state: 'running' }]);
    await proxy.up();
    const run = await stack.run(sweep, 'success', finished);
    expect(run).toMatchObject({ state: 'succeeded', failures: 0 });
    await expectUndisturbed(stack, run.id, {});
    expect((await stack.store.artifacts.of(run.id)).map(({ kind }) => kind)).toContain('weights');
    await proxy.down();
  });

  it('goes on after Postgres was away for a while', async () => {
    const proxy = await startProxy(stack.databaseUrl);
    await stack.startWorker({ DATABASE_URL: proxy.url });
    const sweep = await submitOne(stack, { ms_per_step: 100 });
    await trainerAt(stack, sweep, 1);
    await proxy.down();
    await sleep(3_000);
    await proxy.up();
    const run = await stack.run(sweep, 'success', finished);
    expect(run).toMatchObject({ state: 'succeeded', failures: 0 });
    await expectUndisturbed(stack, run.id, {});
    await proxy.down();
  });
});

describe('a dataset', () => {
  it('that is not what the sweep was checked with fails the run, once', async () => {
    const sweep = await submitOne(stack, {});
    await stack.query(`update run set dataset_hash = repeat('0', 64)`);
    await stack.startWorker();
    const run = await stack.run(sweep, 'failure', finished);
    expect(run).toMatchObject({ failureClass: 'invalid_data', failures: 1 });
  });
});

describe('a run of another version of its model', () => {
  it('is refused, once, with both versions', async () => {
    const sweep = await submitOne(stack, {});
    await stack.query(`update cell set model_version = '0'`);
    await stack.startWorker();
    const run = await stack.run(sweep, 'failure', finished);
    expect(run).toMatchObject({ failureClass: 'invalid_data', failures: 1 });
    expect(run.failureMessage).toMatch(/^the run is of model stub version 0, and this worker has version 1: /);
  });
});

describe('control', () => {
  it('cancel kills the trainer at once, and nothing is written after it', async () => {
    await stack.startWorker();
    const sweep = await submitOne(stack, { ms_per_step: 50, epochs: 100, mode: 'deaf' });
    const trainer = await trainerAt(stack, sweep, 3);
    expect((await stack.call('POST', `/v1/sweeps/${sweep}/cancel`)).ok).toBe(true);
    expect(await survivors([trainer], 2_000)).toEqual([]);
    const points = await stack.query('select count(*) from metric_point');
    await sleep(500);
    expect(await stack.query('select count(*) from metric_point')).toEqual(points);
    expect(await stack.runs(sweep)).toMatchObject([{ state: 'cancelled', failures: 0 }]);
  });

  it('pause writes a checkpoint and frees the slot; resume goes on from it', async () => {
    await stack.startWorker();
    const params = { ms_per_step: 50 };
    const sweep = await submitOne(stack, params);
    const trainer = await trainerAt(stack, sweep, 6);
    expect((await stack.call('POST', `/v1/sweeps/${sweep}/pause`)).ok).toBe(true);
    await stack.run(sweep, 'the run to wait', ({ state }) => state === 'queued', 3_000);
    expect((await stack.call('POST', `/v1/sweeps/${sweep}/resume`)).ok).toBe(true);
    const run = await stack.run(sweep, 'success', finished);
    expect(run).toMatchObject({ state: 'succeeded', failures: 0 });
    expect(await ends(stack, run.id)).toEqual(['paused', 'succeeded']);
    // In the same process: nobody waits for one to start.
    expect(stack.witness().at(-1)?.pid).toBe(trainer);
    await expectUndisturbed(stack, run.id, params);
  });

  it('pause of a run writes a checkpoint and frees the slot for others; resume goes on from it', async () => {
    await stack.startWorker();
    const params = { ms_per_step: 50 };
    const sweep = await stack.submit({ grid: { x: [1, 2] }, params, seeds: [1] });
    const trainer = await until('a step', () => stack.witness().findLast(({ step }) => step >= 6));
    expect((await stack.call('POST', `/v1/runs/${trainer.runId}/pause`)).ok).toBe(true);
    expect((await stack.call('POST', `/v1/runs/${trainer.runId}/pause`)).status).toBe(409);
    const others = async () => (await stack.runs(sweep)).filter(({ id }) => id !== trainer.runId);
    await until('the other run to end', async () => (await others()).every(finished));
    const paused = (await stack.runs(sweep)).find(({ id }) => id === trainer.runId);
    expect(paused).toMatchObject({ state: 'queued', paused: true, failures: 0 });
    expect(paused?.step).toBeGreaterThanOrEqual(6);
    expect((await stack.call('POST', `/v1/runs/${trainer.runId}/resume`)).ok).toBe(true);
    await until('both to end', async () => (await stack.runs(sweep)).every(finished));
    expect(await ends(stack, trainer.runId)).toEqual(['paused', 'succeeded']);
    await expectUndisturbed(stack, trainer.runId, params);
  });

  it('a trainer that does not stop for a pause is killed; its last checkpoint stands', async () => {
    await stack.startWorker({ TRAWL_STOP_SECONDS: '1' });
    const sweep = await submitOne(stack, { ms_per_step: 20, mode: 'deaf', epochs: 100, checkpoint_steps: 5 });
    await trainerAt(stack, sweep, 11);
    await stack.call('POST', `/v1/sweeps/${sweep}/pause`);
    const run = await stack.run(sweep, 'the run to wait', ({ state }) => state === 'queued', 5_000);
    expect(run.failures).toBe(0);
    expect(await stack.store.artifacts.checkpointOf(run.id)).not.toBeNull();
  });
});

describe('a worker with GPUs', () => {
  it('warms up before it is ready', async () => {
    const worker = await stack.startWorker({ TRAWL_CAPABILITY: 'gpu', TRAWL_DEVICES: '0' });
    const said = worker.logged().map(({ msg }) => msg);
    expect(said.filter((msg) => /warm|ready/.test(String(msg)))).toEqual([
      'warming up: CUDA may compile for minutes, once a machine',
      'warmed up',
      'worker ready',
    ]);
  });
});

describe('SIGTERM', () => {
  it('drains: checkpoint, release, exit 0; another worker goes on', async () => {
    const first = await stack.startWorker();
    const params = { ms_per_step: 50 };
    const sweep = await submitOne(stack, params);
    const trainer = await trainerAt(stack, sweep, 6);
    first.kill('SIGTERM');
    expect(await first.exited).toEqual({ code: 0, signal: null });
    expect(isRunning(trainer)).toBe(false);
    await stack.startWorker();
    const run = await stack.run(sweep, 'success', finished);
    expect(run).toMatchObject({ state: 'succeeded', failures: 0 });
    expect(await ends(stack, run.id)).toEqual(['drained', 'succeeded']);
    await expectUndisturbed(stack, run.id, params);
  });

  it('kills what does not stop in time, and still releases it', async () => {
    const worker = await stack.startWorker({ TRAWL_DRAIN_SECONDS: '4' });
    const sweep = await submitOne(stack, { ms_per_step: 20, mode: 'spin', at_step: 8 });
    const trainer = await trainerAt(stack, sweep, 6);
    worker.kill('SIGTERM');
    // 0 is in time: past its deadline the process ends itself with 1.
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(isRunning(trainer)).toBe(false);
    const run = await stack.run(sweep, 'release', ({ state }) => state === 'queued', 1_000);
    expect(await ends(stack, run.id)).toEqual(['drained']);
  });

  it('keeps its deadline while the api is away', async () => {
    const proxy = await startProxy(stack.apiUrl);
    const worker = await stack.startWorker({ TRAWL_API_URL: proxy.url, TRAWL_DRAIN_SECONDS: '5' });
    const sweep = await submitOne(stack, { ms_per_step: 20, epochs: 100 });
    await trainerAt(stack, sweep, 6);
    await proxy.down();
    worker.kill('SIGTERM');
    // 0 is in time: past its deadline the process ends itself with 1.
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    const run = await stack.run(sweep, 'release', ({ state }) => state === 'queued', 1_000);
    expect(await ends(stack, run.id)).toEqual(['drained']);
  });

  it('drains however often it comes, as where a service manager signals every process of a service', async () => {
    const worker = await stack.startWorker();
    const sweep = await submitOne(stack, { ms_per_step: 50 });
    await trainerAt(stack, sweep, 6);
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGHUP'] as const) {
      worker.kill(signal);
      await sleep(50);
    }
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    const run = await stack.run(sweep, 'release', ({ state }) => state === 'queued', 1_000);
    expect(await ends(stack, run.id)).toEqual(['drained']);
    expect(await stack.store.artifacts.checkpointOf(run.id)).not.toBeNull();
  });

  it('Ctrl-C a second time kills at once', async () => {
    const worker = await stack.startWorker();
    // Deaf to being told to stop: only a kill ends it.
    const sweep = await submitOne(stack, { ms_per_step: 20, epochs: 1_000, mode: 'deaf', at_step: 1 });
    const trainer = await trainerAt(stack, sweep, 6);
    worker.kill('SIGINT');
    await until('the worker to close', () => worker.logged().some(({ msg }) => msg === 'closing'));
    worker.kill('SIGINT');
    expect(await worker.exited).toEqual({ code: 1, signal: null });
    expect(await survivors([trainer], 2_000)).toEqual([]);
  });
});
