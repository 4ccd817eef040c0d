import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { smallSpec } from '../support/specs.js';
import { claim, registerWorker, runsOf } from '../support/training.js';

let api: TestApi;
let worker: string;
let sweepId: string;
beforeAll(async () => {
  api = await startApi();
  worker = await registerWorker(api.store);
  sweepId = await api.submit(smallSpec());
});
afterAll(() => api.close());

const get = (url: string) => api.inject({ url });
const post = (url: string) => api.inject({ method: 'POST', url });

async function queuedRun() {
  const run = (await runsOf(api.store, sweepId)).find((each) => each.state === 'queued');
  if (run) return run;
  sweepId = await api.submit(smallSpec());
  return (await runsOf(api.store, sweepId))[0]!;
}

async function claimedRun() {
  const run = await queuedRun();
  return { run, fence: (await claim(api.store, worker, run)).fence };
}

const logLine = (fence: number, n: number) =>
  JSON.stringify({ time: `2026-01-0${fence}T00:00:0${n}.000Z`, fence, level: 'info', message: `line ${n}` });

async function uploadLog(runId: string, fence: number, text: string) {
  const answer = await api.inject({
    method: 'PUT',
    url: `/v1/runs/${runId}/artifacts/log-${fence}.jsonl?fence=${fence}&kind=log`,
    payload: text,
    headers: {
      'content-type': 'application/jsonl',
      'x-sha256': createHash('sha256').update(text).digest('hex'),
    },
  });
  expect(answer.statusCode).toBe(201);
}

describe('GET /v1/sweeps/{id}/runs', () => {
  it('pages through all and filters by stage and state', async () => {
    const id = await api.submit(smallSpec());
    const first = (await get(`/v1/sweeps/${id}/runs?limit=5`)).json();
    expect(first.items).toHaveLength(5);
    const rest = (await get(`/v1/sweeps/${id}/runs?limit=5&cursor=${encodeURIComponent(first.nextCursor)}`)).json();
    expect(rest.items).toHaveLength(3);
    expect(rest.nextCursor).toBeNull();
    expect(new Set([...first.items, ...rest.items].map((run) => run.id)).size).toBe(8);
    expect(first.items[0]).toMatchObject({ sweepId: id, state: 'queued', point: { alpha: 50, beta: 1 }, fence: 0 });

    await post(`/v1/runs/${first.items[0].id}/cancel`);
    expect((await get(`/v1/sweeps/${id}/runs?state=cancelled`)).json().items).toHaveLength(1);
    expect((await get(`/v1/sweeps/${id}/runs?state=queued`)).json().items).toHaveLength(7);
    const [stage] = first.items[0].stages;
    expect((await get(`/v1/sweeps/${id}/runs?stage=${stage}`)).json().items).toHaveLength(8);
  });

  it.each([
    ['state=done', 'state', /queued.*running.*succeeded.*failed.*cancelled/],
    ['limit=x', 'limit', /1/],
    ['cursor=x', 'cursor', /./],
    ['sate=queued', 'sate', /state/],
  ])('refuses ?%s', async (query, path, allowed) => {
    const problem = problemOf(await get(`/v1/sweeps/${sweepId}/runs?${query}`));
    expect(problem).toMatchObject({ status: 400, errors: [{ path, allowed: expect.stringMatching(allowed) }] });
    expect(problem.errors?.[0]?.given).toBeDefined();
  });

  it('lists the stages where one is unknown', async () => {
    const [stage] = await api.store.stages.list(sweepId);
    const problem = problemOf(await get(`/v1/sweeps/${sweepId}/runs?stage=refit`));
    expect(problem).toMatchObject({ status: 404, detail: `The sweep has no stage refit; stages are ${stage!.name}.` });
  });
});

describe('one run', () => {
  it.each(['0190a000-0000-7000-8000-000000000000', 'nonsense', '%00'])('has no run %s', async (id) => {
    const answers = await Promise.all([
      get(`/v1/runs/${id}`),
      get(`/v1/runs/${id}/metrics`),
      get(`/v1/runs/${id}/artifacts`),
      get(`/v1/runs/${id}/attempts`),
      get(`/v1/runs/${id}/logs`),
      post(`/v1/runs/${id}/cancel`),
      post(`/v1/runs/${id}/retry`),
    ]);
    expect(answers.map((answer) => problemOf(answer).status)).toEqual(Array(answers.length).fill(404));
  });

  it('shows parameters with defaults, dataset and summary', async () => {
    const { run, fence } = await claimedRun();
    await api.store.runs.succeed(run.id, fence, { 'val.loss': Number.NaN, 'train.loss': -Infinity, 'test.loss': 1.5 });
    expect((await get(`/v1/runs/${run.id}`)).json()).toMatchObject({
      id: run.id,
      state: 'succeeded',
      model: 'ps-vae',
      params: { n_ae_latents: 4, sampling: 'textbook', ...run.point },
      dataset: { kind: 'behaviour', trials: 20, noise: 0.02 },
      summary: { 'val.loss': 'NaN', 'train.loss': '-Infinity', 'test.loss': 1.5 },
    });
  });

  it('is cancelled and tried again', async () => {
    const run = await queuedRun();
    expect((await post(`/v1/runs/${run.id}/cancel`)).json().state).toBe('cancelled');
    expect(problemOf(await post(`/v1/runs/${run.id}/cancel`))).toMatchObject({
      status: 409,
      detail: 'The run is cancelled: it cannot cancel; legal now: retry.',
    });
    expect((await post(`/v1/runs/${run.id}/retry`)).json().state).toBe('queued');
    expect(problemOf(await post(`/v1/runs/${run.id}/retry`))).toMatchObject({ status: 409 });
  });

  it('cannot be tried again in a cancelled sweep', async () => {
    const id = await api.submit(smallSpec());
    await post(`/v1/sweeps/${id}/cancel`);
    const [run] = await runsOf(api.store, id);
    expect(problemOf(await post(`/v1/runs/${run!.id}/retry`))).toMatchObject({
      status: 409,
      detail: 'The run is cancelled: it cannot retry; legal now: nothing, its sweep is cancelled.',
    });
  });

  it('lists its attempts', async () => {
    const { run, fence } = await claimedRun();
    await api.store.runs.release(run.id, fence, 'drained');
    const again = await claim(api.store, worker, (await api.store.runs.detail(run.id))!);
    await api.store.runs.fail(run.id, again.fence, 'diverged', 'loss is NaN');
    expect((await get(`/v1/runs/${run.id}/attempts`)).json().items).toMatchObject([
      { fence, end: 'drained', backend: null },
      { fence: again.fence, end: 'diverged', message: 'loss is NaN' },
    ]);
    expect((await get(`/v1/runs/${run.id}`)).json()).toMatchObject({ state: 'failed', failureClass: 'diverged' });
  });
});

describe('GET /v1/runs/{id}/metrics', () => {
  it('gives curves by name, thinned on request, with numbers that JSON lacks', async () => {
    const { run, fence } = await claimedRun();
    const points = Array.from({ length: 1_000 }, (_, step) => [
      { epoch: step, step, split: 'train' as const, name: 'loss', value: 1 / (step + 1) },
      { epoch: step, step, split: 'val' as const, name: 'loss', value: step === 3 ? Number.NaN : Infinity },
    ]).flat();
    expect(await api.store.metrics.ingest(run.id, fence, points)).toBe(true);

    const all = (await get(`/v1/runs/${run.id}/metrics`)).json();
    expect(all.curves.map((curve: { name: string }) => curve.name).sort()).toEqual(['train.loss', 'val.loss']);
    const some = (await get(`/v1/runs/${run.id}/metrics?names=val.loss&points=10`)).json();
    expect(some.curves).toHaveLength(1);
    expect(some.curves[0].values.length).toBeLessThanOrEqual(10);
    expect(some.curves[0].steps).toEqual(expect.arrayContaining([0, 999]));
    expect(all.curves.find((curve: { name: string }) => curve.name === 'val.loss').values.slice(2, 5)).toEqual([
      'Infinity',
      'NaN',
      'Infinity',
    ]);
  });

  it.each([
    ['names=val.los', 'names', /val\.loss/],
    ['names=loss', 'names', /val\.loss/],
    ['names=val.loss,%00', 'names', /without NUL/],
    ['names=', 'names', /./],
    ['points=1', 'points', /2/],
    ['points=1e3', 'points', /./],
    ['points=100001', 'points', /100/],
    ['point=10', 'point', /points/],
  ])('refuses ?%s', async (query, path, allowed) => {
    const run = await queuedRun();
    const problem = problemOf(await get(`/v1/runs/${run.id}/metrics?${query}`));
    expect(problem).toMatchObject({ status: 400, errors: [{ path, allowed: expect.stringMatching(allowed) }] });
  });
});

describe('GET /v1/runs/{id}/logs', () => {
  it('merges those of all attempts in order, leaves out a torn line, and gives the tail', async () => {
    const { run, fence } = await claimedRun();
    await uploadLog(run.id, fence, `${logLine(fence, 1)}\n`);
    await uploadLog(run.id, fence, `${logLine(fence, 1)}\n${logLine(fence, 2)}\n{"time": "2026`);
    await api.store.runs.release(run.id, fence, 'drained');
    const again = await claim(api.store, worker, (await api.store.runs.detail(run.id))!);
    await uploadLog(run.id, again.fence, `${logLine(again.fence, 3)}\n`);

    const { lines } = (await get(`/v1/runs/${run.id}/logs`)).json();
    expect(lines.map((each: { fence: number; message: string }) => [each.fence, each.message])).toEqual([
      [fence, 'line 1'],
      [fence, 'line 2'],
      [again.fence, 'line 3'],
    ]);
    const tail = (await get(`/v1/runs/${run.id}/logs?tail=2`)).json();
    expect(tail.lines.map((each: { message: string }) => each.message)).toEqual(['line 2', 'line 3']);
  });

  it('is empty before anything was said', async () => {
    const run = await queuedRun();
    expect((await get(`/v1/runs/${run.id}/logs`)).json()).toEqual({ runId: run.id, lines: [] });
  });

  it.each(['tail=0', 'tail=x', 'tail=1000000'])('refuses ?%s', async (query) => {
    const run = await queuedRun();
    expect(problemOf(await get(`/v1/runs/${run.id}/logs?${query}`))).toMatchObject({
      status: 400,
      errors: [{ path: 'tail' }],
    });
  });
});
