import type { SweepDetail } from '@trawl/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { smallSpec, stagedSpec } from '../support/specs.js';
import { addSweep, runsOf, stagePlan } from '../support/sweeps.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const extend = (id: string, payload: object, headers: Record<string, string> = {}) =>
  api.inject({ method: 'POST', url: `/v1/sweeps/${id}/extend`, payload, headers });
const plans = async (id: string) => (await api.store.stages.list(id)).map((stage) => stage.plan);

describe('POST /v1/sweeps/{id}/extend', () => {
  it('gives the stage more of everything and opens it again', async () => {
    const id = await api.submit(smallSpec());
    const answer = await extend(id, { values: { alpha: [1_000] }, seeds: [5] });
    expect(answer.statusCode).toBe(200);
    const detail: SweepDetail = answer.json();
    expect(detail).toMatchObject({ id, state: 'running', stages: [{ state: 'pending' }] });
    // What it has goes on meanwhile.
    expect(detail.runs).toMatchObject({ queued: 8 });
    expect((await plans(id))[0]).toMatchObject({
      space: { grid: { alpha: [50, 500, 1_000], beta: [1, 5] } },
      seeds: [1, 2, 5],
    });
    expect((await extend(id, { seeds: 2 })).statusCode).toBe(200);
    expect((await plans(id))[0]!.seeds).toEqual([1, 2, 5, 3, 4]);
  });

  it('does once what one key asks for, and refuses it for anything else', async () => {
    const id = await api.submit(smallSpec());
    const key = { 'idempotency-key': 'k1' };
    const first = await extend(id, { values: { beta: [10] } }, key);
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    const again = await extend(id, { values: { beta: [10] } }, key);
    expect([again.statusCode, again.headers['idempotent-replayed']]).toEqual([200, 'true']);
    expect((await plans(id))[0]!.space.grid['beta']).toEqual([1, 5, 10]);
    expect(problemOf(await extend(id, { values: { beta: [20] } }, key))).toMatchObject({
      status: 409,
      type: 'urn:trawl:problem:key-reused',
    });
    const other = await api.submit(smallSpec());
    expect((await extend(other, { values: { beta: [10] } }, key)).statusCode).toBe(409);
  });

  it('adds one refit for one key, and refuses the key for anything else', async () => {
    const id = await api.submit(smallSpec());
    const refit = (payload: object) =>
      api.inject({ method: 'POST', url: `/v1/sweeps/${id}/refit`, payload, headers: { 'idempotency-key': 'r1' } });
    const answers = await Promise.all([refit({ top: 1, seeds: 2 }), refit({ top: 1, seeds: 2 })]);
    expect(answers.map((answer) => answer.statusCode)).toEqual([201, 201]);
    expect(answers.filter((answer) => answer.headers['idempotent-replayed'] === 'true')).toHaveLength(1);
    expect(await plans(id)).toHaveLength(2);
    expect(problemOf(await refit({ top: 1, seeds: 3 }))).toMatchObject({ type: 'urn:trawl:problem:key-reused' });
  });

  it('loses none of several at once', async () => {
    const id = await api.submit(smallSpec());
    const answers = await Promise.all([7, 8, 9].map((beta) => extend(id, { values: { beta: [beta] } })));
    expect(answers.map((answer) => answer.statusCode)).toEqual([200, 200, 200]);
    expect(new Set((await plans(id))[0]!.space.grid['beta'])).toEqual(new Set([1, 5, 7, 8, 9]));
  });

  it('takes a stage by name, the last search that has begun without one', async () => {
    const id = await api.submit(stagedSpec());
    expect((await extend(id, { stage: 'beta', values: { beta: [20] } })).statusCode).toBe(200);
    expect((await extend(id, { values: { alpha: [1_000] } })).statusCode).toBe(200);
    expect((await extend(id, { stage: 'refit', seeds: 1 })).statusCode).toBe(200);
    const [alpha, beta, refit] = await plans(id);
    expect(alpha!.space.grid).toEqual({ alpha: [50, 100, 500, 1_000] });
    expect(beta!.space.grid).toEqual({ beta: [1, 5, 10, 20] });
    expect(refit!.refit).toEqual({ top: 2, seeds: 4 });
    expect(problemOf(await extend(id, { stage: 'gamma', seeds: 1 }))).toMatchObject({
      status: 404,
      detail: expect.stringMatching(/alpha, beta, refit/),
    });
  });

  it.each([
    [{}, '', /neither values nor seeds/],
    [{ seeds: 0 }, 'seeds', /./],
    [{ values: {} }, 'values', /no axes/],
    [{ values: { alpha: [] } }, 'values.alpha', /./],
    [{ sedes: 1 }, 'sedes', /./],
    [{ values: { alpha: [50] } }, 'values.alpha.0', /repeats/],
    [{ values: { alpha: [600, -1] } }, 'values.alpha.1', /./],
    [{ values: { aplha: [1] } }, 'values.aplha', /no axis/],
    [{ seeds: [3, 2] }, 'seeds.1', /twice/],
  ])('refuses %j at its place', async (body, path, message) => {
    const id = await api.submit(smallSpec());
    const problem = problemOf(await extend(id, body));
    expect(problem.status).toBe(400);
    expect(problem.errors).toContainEqual(
      expect.objectContaining({ path, message: expect.stringMatching(message), allowed: expect.stringMatching(/./) }),
    );
  });

  it('opens a finished sweep, and no cancelled one', async () => {
    const id = await api.submit(smallSpec());
    const stage = (await api.store.stages.list(id))[0]!;
    await api.store.stages.fail(stage.id, 'for the test');
    await api.store.stages.finishSweep(id, 'failed');
    expect((await extend(id, { seeds: 1 })).json()).toMatchObject({ state: 'running', finishedAt: null });
    await api.store.sweeps.cancel(id);
    expect(problemOf(await extend(id, { seeds: 1 }))).toMatchObject({
      status: 409,
      detail: expect.stringMatching(/cancelled/),
    });
    expect((await extend('nobody', { seeds: 1 })).statusCode).toBe(404);
  });

  it('runs nothing more of a sweep whose model has another version by now', async () => {
    const id = await addSweep(api.store, { stages: [stagePlan({ modelVersion: '0' })] });
    const [run] = await runsOf(api.store, id);
    await api.store.runs.cancel(run!);
    const refit = api.inject({ method: 'POST', url: `/v1/sweeps/${id}/refit`, payload: { top: 1, seeds: 1 } });
    const retry = api.inject({ method: 'POST', url: `/v1/runs/${run}/retry` });
    for (const answer of [await extend(id, { seeds: 1 }), await refit, await retry]) {
      expect(problemOf(answer)).toMatchObject({
        status: 409,
        detail: expect.stringMatching(
          /is of model ps-vae version \d, and this trawl has version \d.*Submit the sweep anew/,
        ),
      });
    }
    expect(await api.store.sweeps.detail(id)).toMatchObject({ state: 'running', stages: [{ state: 'running' }] });
  });
});
