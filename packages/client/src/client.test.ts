import { setTimeout as sleep } from 'node:timers/promises';
import type { RunView, SweepView } from '@trawl/spec';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hangUp, json, problem, startServer, type TestServer } from './testServer.js';
import { ApiError, createClient, UnreachableError, type ClientOptions } from './index.js';

const counts = { queued: 1, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
const view = (id: string): SweepView => ({
  id,
  name: 'grid',
  project: 'default',
  state: 'running',
  model: 'ps-vae',
  createdAt: '2026-11-21T12:00:00Z',
  finishedAt: null,
  runs: counts,
});
const detail = {
  ...view('s1'),
  spec: { name: 'grid' },
  dataset: { kind: 'hdf5', path: 'mouse/data.hdf5' },
  stages: [],
  progress: { epochsDone: 0, epochsTotal: 10, etaSeconds: null },
  disk: { files: 0, bytes: 0 },
};
const run = (id: string): RunView => ({
  id,
  sweepId: 's1',
  stages: ['alpha'],
  cellId: 'c',
  point: { alpha: 50 },
  seed: 1,
  state: 'queued',
  fence: 0,
  failures: 0,
  failureClass: null,
  failureMessage: null,
  epoch: null,
  epochs: null,
  step: null,
  worker: null,
  createdAt: '2026-11-21T12:00:00Z',
  startedAt: null,
  finishedAt: null,
});

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

const client = (options: Partial<ClientOptions> = {}) =>
  createClient({ baseUrl: server.baseUrl, retry: { firstMs: 1 }, ...options });
const failure = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => null,
    (error: unknown) => error,
  );

describe('calls', () => {
  it('sends method, path and body as the API wants them', async () => {
    server.answers.push(json(detail, 201));
    const api = client({ apiKey: 'trawl_1_secret', baseUrl: `${server.baseUrl}/` });
    await api.sweeps.submit('name: grid', 'application/yaml');
    await api.sweeps.approve('s1', 'a/b', { who: 'ada' });
    await api.sweeps.refit('s1', { top: 3 });
    await api.sweeps.pause('s1');
    expect(server.seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', '/v1/sweeps', 'name: grid'],
      ['POST', '/v1/sweeps/s1/stages/a%2Fb/approve', '{"who":"ada"}'],
      ['POST', '/v1/sweeps/s1/refit', '{"top":3}'],
      ['POST', '/v1/sweeps/s1/pause', ''],
    ]);
    const [submit, approve] = server.seen;
    expect(submit?.headers).toMatchObject({
      authorization: 'Bearer trawl_1_secret',
      'content-type': 'application/yaml',
    });
    expect(submit?.headers['idempotency-key']).toMatch(/^[0-9a-f]{32}$/);
    expect(approve?.headers['content-type']).toBe('application/json');
  });

  it('parses what comes back', async () => {
    server.answers.push(json({ runId: 'r', curves: [{ name: 'val.loss', epochs: [1], steps: [9], values: ['NaN'] }] }));
    const { curves } = await client().runs.metrics('r', { names: ['val.loss', 'train.loss'], points: 100 });
    expect(curves[0]?.values).toEqual(['NaN']);
    expect(server.seen[0]?.url).toBe('/v1/runs/r/metrics?names=val.loss%2Ctrain.loss&points=100');
  });

  it('says where an answer is not what it should be', async () => {
    server.answers.push(json({ ...detail, state: 'dancing' }));
    await expect(client().sweeps.get('s1')).rejects.toThrow(/GET \/v1\/sweeps\/s1 .*another form[^]*at state/);
  });

  it('walks all pages', async () => {
    server.answers.push(
      json({ items: [run('a'), run('b')], nextCursor: 'x y' }),
      json({ items: [run('c')], nextCursor: null }),
    );
    const ids: string[] = [];
    for await (const { id } of client().sweeps.runs('s1', { state: 'queued', limit: 2 })) ids.push(id);
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(server.seen.map(({ url }) => url)).toEqual([
      '/v1/sweeps/s1/runs?state=queued&limit=2',
      '/v1/sweeps/s1/runs?state=queued&limit=2&cursor=x+y',
    ]);
  });

  it('asks for no page that nobody reads', async () => {
    server.answers.push(json({ items: [view('a'), view('b')], nextCursor: 'more' }));
    for await (const { id } of client().sweeps.list()) if (id === 'a') break;
    expect(server.seen).toHaveLength(1);
  });
});

describe('refusals', () => {
  it('become an ApiError with a line for each fault', async () => {
    const errors = [
      { path: 'stages.1.grid.beta.2', message: 'not a number', given: 'x', allowed: 'a number' },
      { path: 'seeds', message: 'missing', allowed: 'a list of integers' },
    ];
    server.answers.push(problem(400, 'The sweep is not valid', { errors }));
    const error = await failure(client().sweeps.submit('{}', 'application/json'));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 400, problem: { errors } });
    expect(String(error)).toBe(
      'ApiError: The sweep is not valid\n' +
        '  stages.1.grid.beta.2: not a number; given "x"; allowed: a number\n' +
        '  seeds: missing; allowed: a list of integers',
    );
  });

  it('are readable where they do not come from the service', async () => {
    server.answers.push((response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>nginx</h1>'));
    const error = await failure(client().runs.get('r'));
    expect(error).toMatchObject({ name: 'ApiError', status: 404, message: '<h1>nginx</h1>' });
  });

  it('say that nothing answers, and at what address', async () => {
    const { baseUrl } = server;
    await server.close();
    const error = await failure(client({ baseUrl }).workers.list());
    expect(error).toBeInstanceOf(UnreachableError);
    expect(String(error)).toContain(`ECONNREFUSED ${baseUrl.slice('http://'.length)}`);
  });
});

describe('repeats', () => {
  it('a GET after a lost connection, 429 and 503', async () => {
    server.answers.push(
      hangUp,
      problem(429, 'slow down', {}, { 'retry-after': '0' }),
      problem(503, 'soon'),
      json(detail),
    );
    await expect(client().sweeps.get('s1')).resolves.toMatchObject({ id: 's1' });
    expect(server.seen).toHaveLength(4);
  });

  it('a GET whose answer broke off', async () => {
    server.answers.push((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":');
      setTimeout(() => response.destroy(), 20);
    }, json(detail));
    await expect(client().sweeps.get('s1')).resolves.toMatchObject({ id: 's1' });
  });

  it('a submission under one key', async () => {
    server.answers.push(hangUp, json(detail, 201));
    await client().sweeps.submit('{}', 'application/json');
    const keys = server.seen.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it('any call that came too often', async () => {
    server.answers.push(problem(429, 'slow down', {}, { 'retry-after': '0' }), problem(409, 'no'));
    expect(await failure(client().sweeps.pause('s1'))).toMatchObject({ status: 409 });
    expect(server.seen).toHaveLength(2);
  });

  it('no other POST, and nothing that was refused', async () => {
    server.answers.push(hangUp);
    expect(await failure(client().sweeps.pause('s1'))).toBeInstanceOf(UnreachableError);
    expect(server.seen).toHaveLength(1);
    server.answers[0] = problem(409, 'finished');
    expect(await failure(client().sweeps.delete('s1'))).toBeInstanceOf(ApiError);
    server.answers[0] = problem(500, 'broken');
    expect(await failure(client().sweeps.get('s1'))).toBeInstanceOf(ApiError);
    expect(server.seen).toHaveLength(3);
  });

  it('so often and no more', async () => {
    server.answers.push(problem(503, 'not yet'));
    const error = await failure(client({ retry: { attempts: 3, firstMs: 1 } }).sweeps.get('s1'));
    expect(error).toMatchObject({ status: 503 });
    expect(server.seen).toHaveLength(3);
  });

  it('a GET that was not answered in time', async () => {
    server.answers.push(() => {}, json({ items: [] }));
    await expect(client({ timeoutMs: 100 }).workers.list()).resolves.toEqual([]);
    expect(server.seen).toHaveLength(2);
  });

  it('nothing of a client that is told to stop, and nothing later', async () => {
    server.answers.push(() => {});
    const stop = new AbortController();
    const api = client({ signal: stop.signal });
    const call = failure(api.workers.list());
    while (server.seen.length === 0) await sleep(5);
    stop.abort('enough');
    expect([await call, await failure(api.models.list())]).toEqual(['enough', 'enough']);
    expect(server.seen).toHaveLength(1);
  });

  it('nothing while there is no time limit on reading', async () => {
    server.answers.push((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"items":');
      void sleep(200).then(() => response.end('[]}'));
    });
    await expect(client({ timeoutMs: 100 }).workers.list()).resolves.toEqual([]);
    expect(server.seen).toHaveLength(1);
  });
});
