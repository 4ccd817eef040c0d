import type { AuditView } from '@trawl/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { smallSpec } from '../support/specs.js';

let api: TestApi;
let admin: string;
let reader: string;
beforeAll(async () => {
  api = await startApi({ keysRequired: true, requestsPerSecond: 2 });
  const make = async (name: string, scope: 'admin' | 'read') =>
    (await api.store.keys.create({ name, scope, project: null, expiresAt: null })).token;
  admin = await make('ada', 'admin');
  reader = await make('reader', 'read');
});
afterAll(() => api.close());

const ask = (
  key: string,
  url: string,
  more: { method?: 'POST' | 'DELETE' | 'PUT'; payload?: object; ip?: string } = {},
) => {
  const { ip: remoteAddress = '10.0.0.1', ...rest } = more;
  return api.inject({ url, remoteAddress, headers: { authorization: `Bearer ${key}` }, ...rest });
};

describe('limits', () => {
  it('let a key ask so often and no more, and say when to come again', async () => {
    const answers = [];
    for (let n = 0; n < 21; n += 1) answers.push(await ask(reader, '/v1/models'));
    expect(answers.slice(0, 20).map((answer) => answer.statusCode)).toEqual(Array.from({ length: 20 }, () => 200));
    const last = answers.at(-1)!;
    expect(problemOf(last)).toMatchObject({
      status: 429,
      detail: expect.stringContaining('At most 20 requests in 10 s'),
    });
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    // Another address is the same key; another key is not.
    expect((await ask(reader, '/v1/models', { ip: '10.0.0.2' })).statusCode).toBe(429);
    expect((await ask(admin, '/v1/models')).statusCode).toBe(200);
  });

  it('do not hold up a worker that sends files, nor a probe', async () => {
    expect((await ask(reader, '/v1/runs/x/artifacts/y', { method: 'PUT' })).statusCode).toBe(403);
    expect((await api.inject({ url: '/livez' })).statusCode).toBe(200);
  });

  it('count wrong keys by address', async () => {
    const wrong = `trawl_${'0'.repeat(32)}_${'0'.repeat(43)}`;
    const statuses = [];
    for (let n = 0; n < 51; n += 1) statuses.push((await ask(wrong, '/v1/models', { ip: '10.0.0.9' })).statusCode);
    expect(statuses.filter((status) => status === 401)).toHaveLength(50);
    expect(statuses.at(-1)).toBe(429);
    // Whoever has a right one is let through from there too.
    expect((await ask(admin, '/v1/models', { ip: '10.0.0.9' })).statusCode).toBe(200);
  });

  it('are for the network: this machine asks as often as it likes where no key is asked for', async () => {
    const open = await startApi({ requestsPerSecond: 1 });
    const statuses = async (remoteAddress: string) => {
      const answers = [];
      for (let n = 0; n < 12; n += 1)
        answers.push((await open.inject({ url: '/v1/models', remoteAddress })).statusCode);
      return new Set(answers);
    };
    expect(await statuses('127.0.0.1')).toEqual(new Set([200]));
    expect(await statuses('10.0.0.3')).toEqual(new Set([200, 429]));
    await open.close();
  });
});

describe('/v1/audit', () => {
  it('says who did what', async () => {
    const quiet = await startApi({ keysRequired: true });
    const { token } = await quiet.store.keys.create({ name: 'ada', scope: 'admin', project: null, expiresAt: null });
    const headers = { authorization: `Bearer ${token}` };
    const post = (url: string, payload: object) => quiet.inject({ method: 'POST', url, payload, headers });
    const id: string = (await post('/v1/sweeps', smallSpec())).json().id;
    await post('/v1/sweeps?dryRun=true', smallSpec());
    await post('/v1/sweeps', { ...smallSpec(), model: 'none' });
    await post(`/v1/sweeps/${id}/refit`, { top: 1, seeds: 2 });
    await post(`/v1/sweeps/${id}/resume`, {});
    await post(`/v1/sweeps/${id}/cancel`, {});
    const key = (await post('/v1/keys', { name: 'bob', scope: 'read' })).json();
    await quiet.inject({ method: 'DELETE', url: `/v1/keys/${key.id}`, headers });
    await quiet.inject({ method: 'DELETE', url: `/v1/sweeps/${id}`, headers });
    await quiet.inject({ url: '/v1/sweeps', headers });

    const all = (await quiet.inject({ url: '/v1/audit', headers })).json();
    expect(all.items.map(({ by, action, target, detail }: AuditView) => [by, action, target, detail])).toEqual([
      ['ada', 'DELETE /v1/sweeps/:id', id, null],
      ['ada', 'DELETE /v1/keys/:id', key.id, null],
      ['ada', 'POST /v1/keys', key.id, { name: 'bob', scope: 'read' }],
      ['ada', 'POST /v1/sweeps/:id/cancel', id, null],
      ['ada', 'POST /v1/sweeps/:id/refit', id, { top: 1, seeds: 2 }],
      ['ada', 'POST /v1/sweeps', id, null],
    ]);
    expect(JSON.stringify(all)).not.toContain(key.key);
    const first = (await quiet.inject({ url: `/v1/audit?target=${id}&limit=1`, headers })).json();
    const second = (
      await quiet.inject({ url: `/v1/audit?target=${id}&limit=1&cursor=${first.nextCursor}`, headers })
    ).json();
    expect(second.items[0].action).toBe('POST /v1/sweeps/:id/cancel');
    await quiet.close();
  });

  it('needs a key of scope admin', async () => {
    expect((await ask(reader, '/v1/audit', { ip: '10.0.0.5' })).statusCode).not.toBe(200);
  });
});
