import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { smallSpec, stagedSpec } from '../support/specs.js';
import { finishRuns, registerWorker, runsOf } from '../support/training.js';

let api: TestApi;
let worker: string;
beforeAll(async () => {
  api = await startApi();
  worker = await registerWorker(api.store);
});
afterAll(() => api.close());

const get = (url: string) => api.inject({ url });
const post = (url: string, payload?: object) => api.inject({ method: 'POST', url, ...(payload ? { payload } : {}) });

async function finishedSweep(): Promise<string> {
  const id = await api.submit(smallSpec());
  await finishRuns(api.store, worker, { sweepId: id, stage: 'search' }, () => ({ 'train.latent_correlation': 0.5 }));
  const [stage] = await api.store.stages.list(id);
  const [first] = (await api.store.stages.results(stage!.id)).cells;
  await api.store.stages.decide(stage!.id, { cellId: first!.cellId, why: 'test', decidedBy: 'rule' });
  await api.store.stages.finishSweep(id, 'succeeded');
  return id;
}

/** A sweep whose first stage waits for a person, with or without a suggestion of the rule. */
async function waitingSweep(suggest: boolean): Promise<{ id: string; cells: string[] }> {
  const id = await api.submit(stagedSpec());
  const [stage] = await api.store.stages.list(id);
  const cells = (await api.store.stages.results(stage!.id)).cells.map((cell) => cell.cellId);
  await finishRuns(api.store, worker, { sweepId: id, stage: 'alpha' }, () => ({ 'val.label_mse': 0.5 }));
  await api.store.stages.await(stage!.id, 'gate: review', suggest ? { cellId: cells[1]!, why: 'the rule' } : undefined);
  return { id, cells };
}

const UNKNOWN = ['0190a000-0000-7000-8000-000000000000', 'nonsense', '%00', "1'; drop table sweep", 'a'.repeat(200)];

describe('GET /v1/sweeps', () => {
  it('pages through all, newest first', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i += 1) made.push(await api.submit({ ...smallSpec(), name: `page ${i}` }));
    const seen: string[] = [];
    let url: string | null = '/v1/sweeps?limit=2';
    while (url !== null) {
      const page: { items: { id: string }[]; nextCursor: string | null } = (await get(url)).json();
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map((item) => item.id));
      url = page.nextCursor === null ? null : `/v1/sweeps?limit=2&cursor=${encodeURIComponent(page.nextCursor)}`;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => made.includes(id))).toEqual(made.toReversed());
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=501', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=abc', 'limit'],
    ['limit=', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['cursor=nonsense', 'cursor'],
    ['cursor=', 'cursor'],
    ['cursor=%00', 'cursor'],
    [`cursor=${'x'.repeat(600)}`, 'cursor'],
    ['page=2', 'page'],
  ])('refuses ?%s', async (query, path) => {
    const problem = problemOf(await get(`/v1/sweeps?${query}`));
    expect(problem.status).toBe(400);
    expect(problem.errors).toMatchObject([{ path, allowed: expect.stringMatching(/./) }]);
    expect(problem.errors?.[0]).toHaveProperty('given');
  });
});

describe('one sweep', () => {
  it.each(UNKNOWN)('has no sweep %s', async (id) => {
    const at = `/v1/sweeps/${id.startsWith('%') ? id : encodeURIComponent(id)}`;
    const answers = [
      await get(at),
      await api.inject({ method: 'DELETE', url: at }),
      await get(`${at}/runs`),
      await get(`${at}/runs?stage=x`),
      await get(`${at}/ranking`),
      await get(`${at}/best`),
      await get(`${at}/events`),
      await post(`${at}/refit`),
      await post(`${at}/pause`),
      await post(`${at}/resume`),
      await post(`${at}/cancel`),
      await post(`${at}/stages/alpha/approve`, { who: 'me' }),
    ];
    expect(answers.map((answer) => problemOf(answer).status)).toEqual(Array(answers.length).fill(404));
  });

  it('is paused, resumed and cancelled', async () => {
    const id = await api.submit(smallSpec());
    expect((await post(`/v1/sweeps/${id}/pause`)).json()).toMatchObject({ id, state: 'paused' });
    expect((await post(`/v1/sweeps/${id}/resume`)).json()).toMatchObject({ id, state: 'running' });
    expect((await post(`/v1/sweeps/${id}/cancel`)).json()).toMatchObject({
      state: 'cancelled',
      runs: { queued: 0, cancelled: 8 },
    });
  });

  it('says its state and what is legal where an action is not', async () => {
    const id = await api.submit(smallSpec());
    expect(problemOf(await post(`/v1/sweeps/${id}/resume`))).toMatchObject({
      status: 409,
      detail: 'The sweep is running: it cannot resume; legal now: pause, cancel, refit, extend.',
    });
    await post(`/v1/sweeps/${id}/pause`);
    expect(problemOf(await post(`/v1/sweeps/${id}/pause`)).detail).toContain('paused');
    await post(`/v1/sweeps/${id}/cancel`);
    for (const action of ['pause', 'resume', 'cancel', 'refit']) {
      const problem = problemOf(await post(`/v1/sweeps/${id}/${action}`));
      expect(problem).toMatchObject({ status: 409, detail: expect.stringMatching(/cancelled.*legal now: delete/) });
    }
  });

  it('cannot be paused when finished', async () => {
    const id = await finishedSweep();
    expect(problemOf(await post(`/v1/sweeps/${id}/pause`))).toMatchObject({
      status: 409,
      detail: 'The sweep is succeeded: it cannot pause; legal now: refit, extend, delete.',
    });
  });

  it('is deleted with its files once it is finished', async () => {
    const id = await api.submit(smallSpec());
    expect(problemOf(await api.inject({ method: 'DELETE', url: `/v1/sweeps/${id}` })).status).toBe(409);
    await post(`/v1/sweeps/${id}/cancel`);
    const answer = await api.inject({ method: 'DELETE', url: `/v1/sweeps/${id}` });
    expect([answer.statusCode, answer.body]).toEqual([204, '']);
    expect((await get(`/v1/sweeps/${id}`)).statusCode).toBe(404);
    expect((await api.inject({ method: 'DELETE', url: `/v1/sweeps/${id}` })).statusCode).toBe(404);
  });

  it('takes a control without a body, with an empty one and with {}', async () => {
    const id = await api.submit(smallSpec());
    const headers = { 'content-type': 'application/json' };
    expect((await api.inject({ method: 'POST', url: `/v1/sweeps/${id}/pause`, headers, payload: '' })).statusCode).toBe(
      200,
    );
    expect((await post(`/v1/sweeps/${id}/resume`, {})).statusCode).toBe(200);
  });
});

describe('approve', () => {
  it('takes the suggested cell when none is named', async () => {
    const { id, cells } = await waitingSweep(true);
    const answer = await post(`/v1/sweeps/${id}/stages/alpha/approve`, { who: 'ada' });
    expect(answer.statusCode).toBe(200);
    expect(answer.json().state).toBe('running');
    expect(answer.json().stages[0]).toMatchObject({
      state: 'done',
      selected: { cellId: cells[1], decidedBy: 'ada', point: { alpha: 100 } },
    });
  });

  it('takes another cell, with the reason given', async () => {
    const { id, cells } = await waitingSweep(true);
    const answer = await post(`/v1/sweeps/${id}/stages/alpha/approve`, {
      who: 'ada',
      cellId: cells[2],
      why: 'seen the movie',
    });
    expect(answer.json().stages[0].selected).toMatchObject({ cellId: cells[2], why: 'seen the movie' });
  });

  it('asks for a cell where the rule names none, and for one of this stage', async () => {
    const { id } = await waitingSweep(false);
    const url = `/v1/sweeps/${id}/stages/alpha/approve`;
    expect(problemOf(await post(url, { who: 'ada' }))).toMatchObject({ status: 400, errors: [{ path: 'cellId' }] });
    for (const cellId of [randomUUID(), 'x', '']) {
      expect(problemOf(await post(url, { who: 'ada', cellId }))).toMatchObject({
        status: 400,
        errors: [{ path: 'cellId', given: cellId }],
      });
    }
  });

  it('lists every fault of its body', async () => {
    const { id } = await waitingSweep(true);
    const problem = problemOf(await post(`/v1/sweeps/${id}/stages/alpha/approve`, { cellId: 7, whom: 'ada' }));
    expect(problem.status).toBe(400);
    expect(problem.errors?.map((fault) => fault.path).sort()).toEqual(['cellId', 'who', 'whom']);
  });

  it('knows only the stages that there are, and only waiting ones', async () => {
    const { id } = await waitingSweep(true);
    expect(problemOf(await post(`/v1/sweeps/${id}/stages/gamma/approve`, { who: 'ada' }))).toMatchObject({
      status: 404,
      detail: 'The sweep has no stage gamma; stages are alpha, beta, refit.',
    });
    expect(problemOf(await post(`/v1/sweeps/${id}/stages/beta/approve`, { who: 'ada' }))).toMatchObject({
      status: 409,
      detail: expect.stringContaining('pending'),
    });
  });
});

describe('refit', () => {
  it('appends a stage with names that do not collide, and revives a finished sweep', async () => {
    const id = await finishedSweep();
    const first = await post(`/v1/sweeps/${id}/refit`, { top: 2, seeds: 3 });
    expect(first.statusCode).toBe(201);
    expect(first.json().state).toBe('running');
    expect(first.json().stages[1]).toMatchObject({ name: 'refit', kind: 'refit', state: 'pending', ordinal: 1 });
    const second = await post(`/v1/sweeps/${id}/refit`);
    expect(second.json().stages[2]).toMatchObject({ name: 'refit-2', kind: 'refit', ordinal: 2 });
    const plan = await api.store.sweeps.plan(id);
    expect(plan?.stages.map((stage) => stage.refit)).toEqual([null, { top: 2, seeds: 3 }, { top: 2, seeds: 5 }]);
  });

  it('gives each of many at the same time a name of its own', async () => {
    const id = await api.submit(smallSpec());
    const answers = await Promise.all(Array.from({ length: 6 }, () => post(`/v1/sweeps/${id}/refit`)));
    expect(answers.map((answer) => answer.statusCode)).toEqual(Array(6).fill(201));
    const stages = (await api.store.stages.list(id)).slice(1);
    expect(stages.map((stage) => stage.name).sort()).toEqual(['refit', ...[2, 3, 4, 5, 6].map((n) => `refit-${n}`)]);
  });

  it.each([
    [{ top: 0 }, 'top'],
    [{ top: 1.5 }, 'top'],
    [{ top: '2' }, 'top'],
    [{ top: 101 }, 'top'],
    [{ seeds: 0 }, 'seeds'],
    [{ seeds: [1, 2] }, 'seeds'],
    [{ sedes: 3 }, 'sedes'],
  ])('refuses %j', async (body, path) => {
    const id = await api.submit(smallSpec());
    expect(problemOf(await post(`/v1/sweeps/${id}/refit`, body))).toMatchObject({
      status: 400,
      errors: [{ path, given: Object.values(body)[0], allowed: expect.stringMatching(/./) }],
    });
  });

  it.each([
    ['text/plain', 'x', 415],
    ['application/json', '{"top": ', 400],
    ['application/json', '[]', 400],
    ['application/json', `"${'x'.repeat(2_000_000)}"`, 413],
  ])('refuses a body of %s', async (type, payload, status) => {
    const id = await api.submit(smallSpec());
    const answer = await api.inject({
      method: 'POST',
      url: `/v1/sweeps/${id}/refit`,
      payload,
      headers: { 'content-type': type },
    });
    expect(problemOf(answer).status).toBe(status);
  });
});

it('counts runs per state', async () => {
  const id = await api.submit(smallSpec());
  const runs = await runsOf(api.store, id);
  await api.inject({ method: 'POST', url: `/v1/runs/${runs[0]!.id}/cancel` });
  expect((await get(`/v1/sweeps/${id}`)).json().runs).toEqual({
    queued: 7,
    running: 0,
    succeeded: 0,
    failed: 0,
    cancelled: 1,
  });
});
