import { createHash } from 'node:crypto';
import type { KeyView, NewKeyBody } from '@trawl/spec';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { smallSpec } from '../support/specs.js';
import { registerWorker } from '../support/training.js';

let api: TestApi;
const keys: Record<'admin' | 'submit' | 'read' | 'alice' | 'bob' | 'aliceAdmin', string> = {
  admin: '',
  submit: '',
  read: '',
  alice: '',
  bob: '',
  aliceAdmin: '',
};
type Who = keyof typeof keys;

beforeAll(async () => {
  api = await startApi({ keysRequired: true });
  const make = async (name: Who, scope: NewKeyBody['scope'], project: string | null = null) => {
    keys[name] = (await api.store.keys.create({ name, scope, project, expiresAt: null })).token;
  };
  await make('admin', 'admin');
  await make('submit', 'submit');
  await make('read', 'read');
  await make('alice', 'submit', 'alice');
  await make('aliceAdmin', 'admin', 'alice');
  await make('bob', 'submit', 'bob');
});
afterAll(() => api.close());

type Method = NonNullable<InjectOptions['method']>;

interface Asked {
  method?: Method;
  payload?: object | string;
  headers?: Record<string, string>;
}
const ask = (who: Who, url: string, { headers, ...more }: Asked = {}) =>
  api.inject({ url, ...more, headers: { authorization: `Bearer ${keys[who]}`, ...headers } });
const submitAs = async (who: Who, spec: object = smallSpec()): Promise<LightMyRequestResponse> =>
  ask(who, '/v1/sweeps', { method: 'POST', payload: spec });

const listed = async (who: Who, query = ''): Promise<string[]> =>
  (await ask(who, `/v1/sweeps?limit=500${query}`)).json().items.map((sweep: { id: string }) => sweep.id);

const sendFile = async (who: Who): Promise<string> => {
  const headers = { 'content-type': 'application/octet-stream' };
  return (await ask(who, '/v1/artifacts?name=w.bin&kind=other', { method: 'POST', payload: who, headers })).json().id;
};
const seen = async (who: Who, id = '') => (await ask(who, `/v1/artifacts/${id}`)).statusCode;

/** Of openapi.json. */
async function routes(): Promise<{ method: Method; path: string }[]> {
  const { paths } = (await api.inject({ url: '/openapi.json' })).json();
  return Object.entries<object>(paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => method.toLowerCase() in methods).map((method) => ({ method, path })),
  );
}
const METHODS: Method[] = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'];

const withHeader = (authorization: string) => api.inject({ url: '/v1/sweeps', headers: { authorization } });

describe('a key', () => {
  it('is asked for, with the way to show it', async () => {
    const answer = await api.inject({ url: '/v1/sweeps' });
    expect(problemOf(answer)).toMatchObject({ status: 401, detail: expect.stringContaining('Bearer trawl_') });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="trawl"');
  });

  it('is asked for before the body is read', async () => {
    const answer = await api.inject({
      method: 'POST',
      url: '/v1/sweeps',
      payload: '{',
      headers: { 'content-type': 'x/y' },
    });
    expect(answer.statusCode).toBe(401);
  });

  it.each(['/livez', '/readyz', '/openapi.json'])('is not asked for at %s', async (url) => {
    expect((await api.inject({ url })).statusCode).toBe(200);
  });

  it('is not asked for where there is nothing', async () => {
    expect((await api.inject({ url: '/v1/nothing' })).statusCode).toBe(404);
  });

  it('of any other form or secret is refused', async () => {
    const changed = (at: number) => {
      const token = keys.admin;
      return `${token.slice(0, at)}${token[at] === 'a' ? 'b' : 'a'}${token.slice(at + 1)}`;
    };
    const [id] = keys.admin.split('_').slice(1);
    for (const wrong of [
      `Bearer ${changed(6)}`,
      `Bearer ${changed(60)}`,
      `Bearer ${keys.admin}x`,
      `Bearer trawl_${id}_`,
      `Bearer trawl_${'0'.repeat(32)}_${'A'.repeat(43)}`,
      `Basic ${keys.admin}`,
      keys.admin,
      'Bearer',
      'Bearer ',
      '',
      "Bearer '; drop table api_key; --",
      `Bearer ${'x'.repeat(5_000)}`,
    ]) {
      expect([wrong, problemOf(await withHeader(wrong)).status]).toEqual([wrong, 401]);
    }
    expect((await withHeader(`bearer  ${keys.read}`)).statusCode).toBe(200);
  });

  it('works until it is revoked', async () => {
    const made = await ask('admin', '/v1/keys', { method: 'POST', payload: { name: 'visitor', scope: 'read' } });
    expect(made.statusCode).toBe(201);
    expect(made.headers['cache-control']).toBe('no-store');
    const { id, key } = made.json();
    expect((await withHeader(`Bearer ${key}`)).statusCode).toBe(200);
    const all: KeyView[] = (await ask('admin', '/v1/keys')).json().items;
    expect(all[0]).toMatchObject({
      id,
      name: 'visitor',
      project: null,
      lastUsedAt: expect.any(String),
      revokedAt: null,
    });
    expect(JSON.stringify(all)).not.toContain(key.split('_')[2]);
    expect((await ask('admin', `/v1/keys/${id}`, { method: 'DELETE' })).json().revokedAt).toEqual(expect.any(String));
    const refused = await withHeader(`Bearer ${key}`);
    expect(problemOf(refused)).toMatchObject({ status: 401, detail: expect.stringContaining('revoked') });
    expect(refused.headers['www-authenticate']).toContain('invalid_token');
    // Again is no error, and the time stays.
    expect((await ask('admin', `/v1/keys/${id}`, { method: 'DELETE' })).statusCode).toBe(200);
  });

  it('works until it expires', async () => {
    const before = await api.store.keys.create({
      name: 'x',
      scope: 'read',
      project: null,
      expiresAt: new Date(Date.now() - 1),
    });
    expect(problemOf(await withHeader(`Bearer ${before.token}`)).detail).toContain('expired');
    const days = await ask('admin', '/v1/keys', {
      method: 'POST',
      payload: { name: 'x', scope: 'read', expiresDays: 2 },
    });
    const left = Date.parse(days.json().expiresAt) - Date.now();
    expect(left / 86_400_000).toBeCloseTo(2, 2);
    expect((await withHeader(`Bearer ${days.json().key}`)).statusCode).toBe(200);
  });

  it('is stored as the hash of its secret alone', async () => {
    const database = new Client({ connectionString: api.databaseUrl });
    await database.connect();
    const stored = JSON.stringify((await database.query('select * from api_key')).rows);
    await database.end();
    const [, , ...secret] = keys.admin.split('_');
    expect(stored).not.toContain(secret.join('_'));
    expect(stored).toContain(createHash('sha256').update(secret.join('_')).digest('hex'));
  });

  it('says who it is', async () => {
    expect((await ask('alice', '/v1/keys/self')).json()).toEqual({
      id: expect.any(String),
      name: 'alice',
      scope: 'submit',
      project: 'alice',
    });
  });

  it('shows in no log line', () => {
    const log = JSON.stringify(api.logged);
    expect(log.length).toBeGreaterThan(1_000);
    for (const token of Object.values(keys)) expect(log).not.toContain(token.split('_').slice(2).join('_'));
  });
});

describe('scopes', () => {
  it.each([
    ['read', 'POST', '/v1/sweeps', 'submit'],
    ['read', 'POST', '/v1/sweeps/x/cancel', 'submit'],
    ['read', 'PUT', '/v1/runs/x/artifacts/y', 'submit'],
    ['submit', 'DELETE', '/v1/sweeps/x', 'admin'],
    ['submit', 'GET', '/v1/keys', 'admin'],
    ['submit', 'POST', '/v1/keys', 'admin'],
    ['submit', 'DELETE', '/v1/keys/x', 'admin'],
  ] as const)('%s may not %s %s', async (who, method, url, needed) => {
    const answer = await ask(who, url, { method });
    expect(problemOf(answer)).toMatchObject({ status: 403, detail: expect.stringContaining(`scope ${needed}`) });
    expect(answer.headers['www-authenticate']).toContain(`scope="${needed}"`);
  });

  it('each may what those before it may', async () => {
    for (const who of ['read', 'submit', 'admin'] as const)
      expect((await ask(who, '/v1/workers')).statusCode).toBe(200);
    for (const who of ['submit', 'admin'] as const) expect((await submitAs(who)).statusCode).toBe(201);
  });

  it('submit is what a worker needs to send files', async () => {
    await submitAs('submit', { ...smallSpec(), name: 'files' });
    const worker = await registerWorker(api.store);
    const [{ runId, fence } = { runId: '', fence: 0 }] = await api.store.runs.takeForDispatch(1, 'cpu');
    const claimed = await api.store.runs.claim(runId, fence, worker);
    const url = `/v1/runs/${runId}/artifacts/a.txt?fence=${claimed?.fence}&kind=other`;
    const headers = { 'content-type': 'text/plain', 'x-sha256': createHash('sha256').update('hello').digest('hex') };
    expect((await ask('bob', url, { method: 'PUT', payload: 'hello', headers })).statusCode).toBe(404);
    expect((await ask('submit', url, { method: 'PUT', payload: 'hello', headers })).statusCode).toBe(201);
  });
});

describe('a key of a project', () => {
  let ofAlice: string;
  let ofBob: string;
  let ofNobody: string;
  beforeAll(async () => {
    ofAlice = (await submitAs('alice')).json().id;
    ofBob = (await submitAs('bob')).json().id;
    ofNobody = (await submitAs('admin')).json().id;
  });

  it("makes its project's sweeps, and no other's", async () => {
    expect((await ask('alice', `/v1/sweeps/${ofAlice}`)).json().project).toBe('alice');
    expect((await submitAs('alice', { ...smallSpec(), project: 'alice' })).statusCode).toBe(201);
    for (const project of ['bob', 'default']) {
      const refused = problemOf(await submitAs('alice', { ...smallSpec(), project }));
      expect(refused).toMatchObject({
        status: 403,
        errors: [{ path: 'project', given: project, allowed: 'alice, or absent' }],
      });
    }
    expect((await submitAs('admin', { ...smallSpec(), project: 'bob' })).json().project).toBe('bob');
  });

  it("lists its project's sweeps", async () => {
    const alice = await listed('alice');
    expect(alice).toContain(ofAlice);
    expect(alice).not.toContain(ofBob);
    expect(await listed('alice', '&project=alice')).toEqual(alice);
    expect(await listed('alice', '&project=bob')).toEqual([]);
    expect(await listed('admin')).toEqual(expect.arrayContaining([ofAlice, ofBob, ofNobody]));
    expect(await listed('admin', '&project=alice')).toEqual(alice);
  });

  it('gets for what is not its own what it gets for what does not exist', async () => {
    const [run] = (await api.store.runs.page(ofBob, { limit: 1 })).items;
    const nothing = '00000000-0000-7000-8000-000000000000';
    const asked: string[] = [];
    for (const { method, path } of await routes()) {
      const kind = /^\/v1\/(sweeps|runs|artifacts)\/\{id\}/.exec(path)?.[1];
      if (kind === undefined) continue;
      const answers = await Promise.all(
        [kind === 'sweeps' ? ofBob : (run?.id ?? ''), nothing].map(async (id) => {
          const { statusCode, body } = await ask('aliceAdmin', path.replace('{id}', id).replace(/\{\w+\}/g, 'x'), {
            method,
          });
          return [statusCode, body.replaceAll(id, 'ID')];
        }),
      );
      expect([method, path, answers[0]]).toEqual([method, path, [404, expect.stringContaining('not-found')]]);
      expect(answers[0]).toEqual(answers[1]);
      asked.push(`${method} ${path}`);
    }
    expect(asked.length).toBeGreaterThan(15);
    expect((await ask('bob', `/v1/runs/${run?.id}`)).statusCode).toBe(200);
  });

  it('is let to no route that does not think of projects', async () => {
    const entered: string[] = [];
    for (const { method, path } of await routes()) {
      if (/^\/(livez|readyz|v1\/events)$|^\/v1\/(sweeps|runs|artifacts)\/\{id\}/.test(path)) continue;
      const { statusCode } = await ask('aliceAdmin', path.replace(/\{\w+\}/g, 'x'), { method });
      if (statusCode !== 403) entered.push(`${method} ${path}`);
    }
    // Each of these narrows what it shows or makes to the project of the key, or holds nothing of any.
    expect(entered.sort()).toEqual([
      'DELETE /v1/keys/{id}',
      'GET /v1/datasets/{id}',
      'GET /v1/datasets/{id}/content',
      'GET /v1/keys',
      'GET /v1/keys/self',
      'GET /v1/models',
      'GET /v1/models/{name}',
      'GET /v1/sweeps',
      'POST /v1/artifacts',
      'POST /v1/datasets',
      'POST /v1/keys',
      'POST /v1/sweeps',
    ]);
  });

  it("sees files of its project and everybody's", async () => {
    const [alices, bobs, common] = await Promise.all([sendFile('alice'), sendFile('bob'), sendFile('submit')]);
    expect(await Promise.all([seen('alice', alices), seen('alice', bobs), seen('alice', common)])).toEqual([
      200, 404, 200,
    ]);
    expect(await Promise.all([seen('read', alices), seen('read', bobs), seen('read', common)])).toEqual([
      200, 200, 200,
    ]);
  });

  it('does not learn by an Idempotency-Key what others have submitted', async () => {
    const headers = { 'idempotency-key': 'monday' };
    const post = (who: Who, name: string) =>
      ask(who, '/v1/sweeps', { method: 'POST', payload: { ...smallSpec(), name }, headers });
    const bobs = (await post('bob', 'x')).json().id;
    const alices = await post('alice', 'y');
    expect(alices.statusCode).toBe(201);
    expect(alices.json().id).not.toBe(bobs);
    expect((await post('alice', 'y')).json().id).toBe(alices.json().id);
  });

  it("manages its project's keys", async () => {
    const made = await ask('aliceAdmin', '/v1/keys', { method: 'POST', payload: { name: 'student', scope: 'read' } });
    expect(made.json()).toMatchObject({ project: 'alice' });
    const other = { name: 'student', scope: 'read', project: 'bob' };
    expect((await ask('aliceAdmin', '/v1/keys', { method: 'POST', payload: other })).statusCode).toBe(403);
    const items: KeyView[] = (await ask('aliceAdmin', '/v1/keys')).json().items;
    expect(new Set(items.map((key) => key.project))).toEqual(new Set(['alice']));
    const all: KeyView[] = (await ask('admin', '/v1/keys')).json().items;
    const bobs = all.find((key) => key.name === 'bob');
    expect((await ask('aliceAdmin', `/v1/keys/${bobs?.id}`, { method: 'DELETE' })).statusCode).toBe(404);
    expect((await ask('bob', '/v1/sweeps')).statusCode).toBe(200);
  });
});

describe('event streams', () => {
  it('are of what the key may see', async () => {
    const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
    const stream = (path: string, token: string, last?: string) =>
      fetch(`${url}${path}`, {
        headers: { authorization: `Bearer ${token}`, ...(last === undefined ? {} : { 'last-event-id': last }) },
        signal: AbortSignal.timeout(20_000),
      });
    const bobs = (await submitAs('bob')).json().id;
    const alices = (await submitAs('alice')).json().id;
    expect((await stream(`/v1/sweeps/${bobs}/events`, keys.alice)).status).toBe(404);
    expect((await fetch(`${url}/v1/events`)).status).toBe(401);

    const events = await stream('/v1/events', keys.alice, '0');
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of events.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes(alices)) break;
    }
    expect(text).not.toContain(bobs);
  });
});
