import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { smallSpec, stagedSpec } from '../support/specs.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const post = (payload: string | object, headers: Record<string, string> = {}, query = '') =>
  api.inject({
    method: 'POST',
    url: `/v1/sweeps${query}`,
    payload,
    headers: { 'content-type': 'application/json', ...headers },
  });

describe('POST /v1/sweeps', () => {
  it('stores a JSON spec, starts its first stage and says where it is', async () => {
    const answer = await post(smallSpec());
    expect(answer.statusCode).toBe(201);
    const sweep = answer.json();
    expect(sweep).toMatchObject({
      name: 'small',
      project: 'default',
      state: 'running',
      model: 'ps-vae',
      runs: { queued: 8 },
    });
    expect(sweep.stages).toMatchObject([{ state: 'running', cells: 4, axes: ['alpha', 'beta'], direction: 'min' }]);
    expect(sweep.spec).toEqual(smallSpec());
    expect(answer.headers['location']).toBe(`/v1/sweeps/${sweep.id}`);
    expect((await api.inject({ url: `/v1/sweeps/${sweep.id}` })).json()).toMatchObject({ id: sweep.id });
  });

  it('puts runs into the queue at once', async () => {
    await post(smallSpec());
    const depths = await Promise.all(api.queues.map((queue) => queue.depth()));
    expect(depths.reduce((sum, { waiting }) => sum + waiting, 0)).toBeGreaterThan(0);
  });

  it.each(['application/yaml', 'text/yaml', 'application/x-yaml', 'application/yaml; charset=utf-8'])(
    'takes YAML as %s',
    async (type) => {
      const answer = await post(stringify(stagedSpec()), { 'content-type': type });
      expect(answer.statusCode).toBe(201);
      expect(answer.json().stages.map((stage: { name: string; state: string }) => [stage.name, stage.state])).toEqual([
        ['alpha', 'running'],
        ['beta', 'pending'],
        ['refit', 'pending'],
      ]);
    },
  );

  it('answers a dry run with cells and counts and stores nothing', async () => {
    const before = (await api.inject({ url: '/v1/sweeps' })).json().items.length;
    const answer = await post(stagedSpec(), {}, '?dryRun=true');
    expect(answer.statusCode).toBe(200);
    const dry = answer.json();
    expect(dry).toMatchObject({ name: 'staged', runs: 6 + 6 + 6 });
    expect(dry.stages).toMatchObject([
      { name: 'alpha', kind: 'search', cells: 3, runs: 6, points: [{ alpha: 50 }, { alpha: 100 }, { alpha: 500 }] },
      { name: 'beta', kind: 'search', cells: 3, runs: 6, points: [{ beta: 1 }, { beta: 5 }, { beta: 10 }] },
      { name: 'refit', kind: 'refit', cells: 2, runs: 6, points: [] },
    ]);
    expect((await api.inject({ url: '/v1/sweeps' })).json().items).toHaveLength(before);
  });

  it('writes out a thousand points of a larger dry run', async () => {
    const spec = {
      ...smallSpec(),
      seeds: [1],
      grid: { alpha: { linspace: [1, 100, 50] }, beta: { linspace: [1, 100, 40] } },
    };
    const dry = (await post(spec, {}, '?dryRun=true')).json();
    expect(dry.runs).toBe(2_000);
    expect(dry.stages[0].points).toHaveLength(1_000);
  });

  it('finds the faults of a dry run too', async () => {
    const answer = await post({ ...smallSpec(), model: 'ps-vea' }, {}, '?dryRun=true');
    expect(problemOf(answer).errors).toMatchObject([{ path: 'model', given: 'ps-vea' }]);
  });

  describe('Idempotency-Key', () => {
    it('gives the sweep that is there when the same text comes again', async () => {
      const first = await post(smallSpec(), { 'idempotency-key': 'key-1' });
      const second = await post(smallSpec(), { 'idempotency-key': 'key-1' });
      expect(second.statusCode).toBe(201);
      expect(second.json().id).toBe(first.json().id);
      expect(first.headers['idempotent-replayed']).toBeUndefined();
      expect(second.headers['idempotent-replayed']).toBe('true');
    });

    it('makes one sweep of many at the same time', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => post(smallSpec(), { 'idempotency-key': 'key-2' })),
      );
      expect(answers.map((answer) => answer.statusCode)).toEqual(Array(8).fill(201));
      expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(1);
    });

    it('refuses another text under the same key', async () => {
      await post(smallSpec(), { 'idempotency-key': 'key-3' });
      const answer = await post({ ...smallSpec(), name: 'other' }, { 'idempotency-key': 'key-3' });
      expect(answer.statusCode).toBe(409);
      expect(problemOf(answer).type).toBe('urn:trawl:problem:key-reused');
    });

    it('makes two sweeps without a key', async () => {
      const [one, two] = await Promise.all([post(smallSpec()), post(smallSpec())]);
      expect(one?.json().id).not.toBe(two?.json().id);
    });

    it.each(['', 'with space', 'x'.repeat(201), 'ключ'])('refuses the key %j', async (key) => {
      const answer = await post(smallSpec(), { 'idempotency-key': key });
      expect(answer.statusCode).toBe(400);
      expect(problemOf(answer).errors).toMatchObject([
        { path: 'idempotency-key', allowed: expect.stringMatching(/./) },
      ]);
    });
  });

  describe('text that is no spec', () => {
    it('names line and column of broken JSON', async () => {
      const problem = problemOf(await post('{\n  "name": "x",\n  "model" "ps-vae"\n}'));
      expect(problem).toMatchObject({ status: 400, type: 'urn:trawl:problem:malformed-body' });
      expect(problem.errors?.[0]?.message).toMatch(/line 3, column 11/);
    });

    it('names line and column of broken YAML', async () => {
      const problem = problemOf(await post('name: x\nmodel: [ps-vae\n', { 'content-type': 'application/yaml' }));
      expect(problem).toMatchObject({ status: 400, type: 'urn:trawl:problem:malformed-body' });
      expect(problem.errors?.[0]?.message).toMatch(/line \d, column \d/);
    });

    it.each([
      ['an empty body', ''],
      ['null', 'null'],
      ['a number', '7'],
      ['a text', '"spec"'],
      ['a list', '[]'],
      ['an empty object', '{}'],
    ])('refuses %s', async (_, text) => {
      const problem = problemOf(await post(text));
      expect(problem.status).toBe(400);
      expect(problem.errors?.length).toBeGreaterThan(0);
    });

    it('refuses no body at all', async () => {
      const problem = problemOf(await api.inject({ method: 'POST', url: '/v1/sweeps' }));
      expect(problem).toMatchObject({ status: 400, errors: [{ path: '' }] });
    });

    it.each(['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'nonsense'])(
      'answers 415 to %s with what it reads',
      async (type) => {
        const problem = problemOf(await post('name: x', { 'content-type': type }));
        expect(problem.status).toBe(415);
        expect(problem.detail).toContain(type);
        expect(problem.detail).toContain('application/json, application/yaml, text/yaml, application/x-yaml');
      },
    );

    it('answers 413 to 20 MB, with the limit', async () => {
      const problem = problemOf(await post(`{"name": "${'x'.repeat(20_000_000)}"}`));
      expect(problem.status).toBe(413);
      expect(problem.detail).toContain('10000000');
    });

    it.each([
      ['deep lists', '['.repeat(200_000)],
      ['deep and closed', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
      ['deep objects', `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`],
      ['a prototype', '{"__proto__": {"model": "ps-vae"}}'],
      ['NUL', '{"name": "a\\u0000b"}'],
      ['half a surrogate pair', '{"name": "a\\ud800b"}'],
    ])('survives %s', async (_, text) => {
      for (const type of ['application/json', 'application/yaml']) {
        expect(problemOf(await post(text, { 'content-type': type })).status).toBe(400);
      }
    });

    it('survives a YAML bomb', async () => {
      const levels = Array.from(
        { length: 12 },
        (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
      );
      const text = ['l0: &l0 [lol]', ...levels].join('\n');
      expect(problemOf(await post(text, { 'content-type': 'application/yaml' })).status).toBe(400);
    });
  });

  it.each(['?dryRun=yes', '?dryRun=', '?dryrun=true', '?dryRun=true&dryRun=false'])(
    'refuses the query %s',
    async (query) => {
      const problem = problemOf(await post(smallSpec(), {}, query));
      expect(problem.status).toBe(400);
      expect(problem.errors).toMatchObject([
        { path: expect.stringMatching(/^dry[Rr]un$/), allowed: expect.stringMatching(/./) },
      ]);
    },
  );
});
