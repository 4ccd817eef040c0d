import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { smallSpec } from '../support/specs.js';
import { registerWorker } from '../support/training.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const get = (url: string) => api.inject({ url });

describe('models', () => {
  it('are listed', async () => {
    const { items } = (await get('/v1/models')).json();
    expect(items).toContainEqual(
      expect.objectContaining({
        name: 'ps-vae',
        datasets: expect.arrayContaining(['hdf5']),
        defaultSelection: { metric: 'train.latent_correlation', direction: 'min' },
      }),
    );
  });

  it('describe their parameters as JSON Schema, with defaults and recommended values', async () => {
    const model = (await get('/v1/models/ps-vae')).json();
    expect(model.params).toMatchObject({ type: 'object', additionalProperties: false, required: ['n_ae_latents'] });
    expect(model.params.properties.beta).toMatchObject({
      type: 'number',
      default: 10,
      recommended: [1, 5, 10, 20],
      description: expect.stringMatching(/total correlation/),
    });
    const schemas = Object.values(model.params.properties);
    expect(schemas).toEqual(schemas.map(() => expect.objectContaining({ description: expect.stringMatching(/./) })));
    expect(model.metrics).toContainEqual(
      expect.objectContaining({ name: 'latent_correlation', direction: 'min', summary: true, contains: [] }),
    );
  });

  it.each(['ps-vea', '..', '%00'])('has no model %s', async (name) => {
    expect((await get(`/v1/models/${name}`)).statusCode).toBe(404);
  });

  it('names those that there are', async () => {
    expect(problemOf(await get('/v1/models/x')).detail).toContain('ps-vae');
  });
});

it('lists workers', async () => {
  expect((await get('/v1/workers')).json()).toEqual({ items: [] });
  const id = await registerWorker(api.store);
  expect((await get('/v1/workers')).json().items).toMatchObject([
    { id, slots: 4, capability: 'cpu', alive: true, runs: [] },
  ]);
});

const put = (payload: object) => api.inject({ method: 'PUT', url: '/v1/projects/mice', payload });
it('limits what a project may run at once', async () => {
  expect((await put({ maxParallel: 3 })).json()).toEqual({ items: [{ project: 'mice', maxParallel: 3, busy: 0 }] });
  expect((await put({ maxParallel: 0 })).statusCode).toBe(400);
  expect((await get('/v1/projects')).json().items).toHaveLength(1);
  expect((await put({ maxParallel: null })).json()).toEqual({ items: [] });
});

describe('health', () => {
  it('is live and ready', async () => {
    expect((await get('/livez')).json()).toEqual({ status: 'ok' });
    expect((await get('/readyz')).json()).toEqual({ database: 'ok', queue: 'ok' });
  });

  it('names what does not answer', async () => {
    const ping = vi.spyOn(api.store, 'ping').mockRejectedValueOnce(new Error('gone'));
    expect(problemOf(await get('/readyz'))).toMatchObject({ status: 503, detail: 'No answer from: database.' });
    ping.mockRestore();
  });
});

describe('/openapi.json', () => {
  it('describes every route with a summary, a tag and its problems', async () => {
    const document = (await get('/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    const body = document.paths['/v1/sweeps'].post.requestBody.content['application/yaml'];
    expect(body.schema).toEqual({ $ref: '#/components/schemas/SweepSpec' });
    expect(document.components.schemas.SweepSpec.required).toEqual(['name', 'model', 'dataset']);
    const operations = Object.entries<Record<string, { summary?: string; tags?: string[]; responses: object }>>(
      document.paths,
    ).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
    );
    // docs/openapi.json has all of them (api.openapi.test.ts).
    expect(operations.length).toBeGreaterThan(40);
    const bare = operations.filter(({ summary = '', tags = [] }) => summary === '' || tags.length === 0);
    expect(bare).toEqual([]);
    const silent = operations.filter(({ responses }) => !('4XX' in responses && '5XX' in responses));
    expect(silent.map(({ path }) => path)).toEqual(['/livez']);
  });
});

describe('what is not there or goes wrong', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/v1'],
    ['GET', '/v1/nothing'],
    ['PATCH', '/v1/sweeps'],
    ['POST', '/v1/models'],
  ] as const)('answers %s %s with a problem', async (method, url) => {
    expect(problemOf(await api.inject({ method, url }))).toMatchObject({
      status: 404,
      detail: expect.stringContaining(method),
    });
  });

  it.each([
    ['half an escape', '/v1/sweeps/%'],
    ['a bad escape', '/v1/sweeps/%zz'],
    ['a very long name', `/v1/sweeps/${'x'.repeat(1_000)}`],
  ])('answers a URL with %s with a problem', async (_, url) => {
    expect(problemOf(await get(url)).status).toBe(400);
  });

  it('hides what lies behind a 5xx, and logs it under the id that it tells', async () => {
    const list = vi.spyOn(api.store.sweeps, 'list').mockRejectedValueOnce(new Error('password=hunter2'));
    const answer = await get('/v1/sweeps');
    list.mockRestore();
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('hunter2');
    const { detail } = problemOf(answer);
    const line = api.logged.find((each) => JSON.stringify(each).includes('hunter2'));
    expect(detail).toContain(String(line?.['reqId']));
  });

  it('hides an answer that breaks its own schema', async () => {
    const list = vi.spyOn(api.store.workers, 'list').mockImplementationOnce(() => JSON.parse('[{ "id": 7 }]'));
    expect(problemOf(await get('/v1/workers')).status).toBe(500);
    list.mockRestore();
  });

  it('sends security headers', async () => {
    const { headers } = await get('/livez');
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN' });
    expect(headers['x-powered-by']).toBeUndefined();
  });

  it('keeps a sweep when the queue does not take its runs', async () => {
    const add = vi.spyOn(api.queues[0]!, 'add').mockRejectedValue(new Error('queue is away'));
    await expect(api.submit(smallSpec())).resolves.toMatch(/./);
    expect(api.logged.some((line) => /dispatch failed/.test(String(line['msg'])))).toBe(true);
    add.mockRestore();
  });
});
