import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { catalog } from '@trawl/models/catalog';
import { expandStage } from '@trawl/search';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { safetensors } from '../support/safetensors.js';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { smallSpec } from '../support/specs.js';
import { claim, registerWorker, runsOf } from '../support/training.js';

const LIMIT = 100_000;

let api: TestApi;
let runId: string;
let fence: number;
beforeAll(async () => {
  api = await startApi({ limits: { artifact: LIMIT } });
  const worker = await registerWorker(api.store);
  const sweepId = await api.submit(smallSpec());
  const [run] = await runsOf(api.store, sweepId);
  runId = run!.id;
  fence = (await claim(api.store, worker, run!)).fence;
});
afterAll(() => api.close());

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

interface Put {
  name?: string;
  query?: string;
  bytes?: Buffer;
  headers?: Record<string, string>;
  id?: string;
}
const put = ({ name = 'a.png', query, bytes = Buffer.from('hello'), headers = {}, id = runId }: Put = {}) =>
  api.inject({
    method: 'PUT',
    url: `/v1/runs/${id}/artifacts/${name}?${query ?? `fence=${fence}&kind=figure`}`,
    payload: bytes,
    headers: { 'content-type': 'image/png', 'x-sha256': sha256(bytes), ...headers },
  });

const storedFiles = async (): Promise<string[]> => {
  const names: string[] = [];
  for await (const file of api.files.list()) names.push(file.sha256);
  return names;
};

describe('PUT /v1/runs/{id}/artifacts/{name}', () => {
  it('stores a file and shows it with the run', async () => {
    const bytes = randomBytes(5_000);
    const answer = await put({ name: 'traversal.png', bytes, query: `fence=${fence}&kind=figure&epoch=3&step=70` });
    expect(answer.statusCode).toBe(201);
    const artifact = answer.json();
    expect(artifact).toMatchObject({
      runId,
      name: 'traversal.png',
      kind: 'figure',
      mediaType: 'image/png',
      size: 5_000,
      sha256: sha256(bytes),
      epoch: 3,
      step: 70,
    });
    expect(answer.headers['location']).toBe(`/v1/artifacts/${artifact.id}`);
    const { items } = (await api.inject({ url: `/v1/runs/${runId}/artifacts` })).json();
    expect(items).toContainEqual(artifact);
  });

  it('takes the same file again, as after a lost answer', async () => {
    const bytes = randomBytes(100);
    expect([
      (await put({ name: 'twice', bytes })).statusCode,
      (await put({ name: 'twice', bytes })).statusCode,
    ]).toEqual([201, 201]);
    const { items } = (await api.inject({ url: `/v1/runs/${runId}/artifacts` })).json();
    expect(items.filter((item: { name: string }) => item.name === 'twice')).toHaveLength(1);
  });

  it('takes an empty file', async () => {
    const answer = await put({ name: 'empty', bytes: Buffer.alloc(0) });
    expect([answer.statusCode, answer.json().size]).toEqual([201, 0]);
    expect((await api.inject({ url: `/v1/artifacts/${answer.json().id}` })).rawPayload).toHaveLength(0);
  });

  it('keeps the newest two checkpoints and deletes the files of the others', async () => {
    const files = [1, 2, 3].map((n) => randomBytes(50 + n));
    for (const [i, bytes] of files.entries()) {
      const query = `fence=${fence}&kind=checkpoint&epoch=${i}&step=${10 * i}`;
      expect((await put({ name: `checkpoint-${i}.safetensors`, bytes, query })).statusCode).toBe(201);
    }
    const { items } = (await api.inject({ url: `/v1/runs/${runId}/artifacts` })).json();
    const kept = items.filter((item: { kind: string }) => item.kind === 'checkpoint');
    expect(kept.map((item: { step: number }) => item.step).sort()).toEqual([10, 20]);
    expect(await storedFiles()).not.toContain(sha256(files[0]!));
  });

  it('refuses a stale fence before and after the body, and keeps nothing', async () => {
    for (const stale of [fence - 1, fence + 1]) {
      const bytes = randomBytes(70);
      const problem = problemOf(await put({ bytes, query: `fence=${stale}&kind=figure` }));
      expect(problem).toMatchObject({ status: 409, type: 'urn:trawl:problem:stale-fence' });
      expect(problem.detail).toContain(`at fence ${fence}`);
      expect(await storedFiles()).not.toContain(sha256(bytes));
    }
  });

  it.each([randomUUID(), 'nonsense', '%00'])('knows no run %s', async (id) => {
    expect(problemOf(await put({ id })).status).toBe(404);
  });

  it.each([
    '.hidden',
    '..%2f..%2fetc%2fpasswd',
    'a%2Fb',
    'a%5Cb',
    'a%00b',
    'a%0d%0ab',
    'a%22b',
    'a%20b',
    '%C3%A9',
    'a'.repeat(201),
    '-rf',
    '',
  ])('refuses the name "%s"', async (name) => {
    expect(problemOf(await put({ name }))).toMatchObject({ status: 400, errors: [{ path: 'name' }] });
  });

  it('never sees what a URL resolves away', async () => {
    expect((await put({ name: '..' })).statusCode).toBe(404);
    expect((await put({ name: '.' })).statusCode).toBe(400);
  });

  it.each([
    ['kind=figure', 'fence'],
    ['fence=x&kind=figure', 'fence'],
    ['fence=-1&kind=figure', 'fence'],
    ['fence=99999999999&kind=figure', 'fence'],
    ['fence=1', 'kind'],
    ['fence=1&kind=picture', 'kind'],
    ['fence=1&kind=figure&epoch=1.5', 'epoch'],
    ['fence=1&kind=figure&steps=1', 'steps'],
  ])('refuses ?%s', async (query, path) => {
    expect(problemOf(await put({ query }))).toMatchObject({
      status: 400,
      errors: [{ path, allowed: expect.stringMatching(/./) }],
    });
  });

  it.each([
    ['x-sha256', ''],
    ['x-sha256', 'abc'],
    ['x-sha256', 'g'.repeat(64)],
    ['content-type', 'image'],
    ['content-type', 'image/png\u00e9'],
  ])('refuses the header %s: %s', async (name, value) => {
    const answer = await put({ headers: { [name]: value } });
    expect([400, 415]).toContain(answer.statusCode);
    problemOf(answer);
  });

  it('refuses content that has another digest, and keeps nothing', async () => {
    const bytes = randomBytes(90);
    const problem = problemOf(await put({ bytes, headers: { 'x-sha256': 'a'.repeat(64) } }));
    expect(problem).toMatchObject({ status: 400, type: 'urn:trawl:problem:digest-mismatch' });
    expect(problem.detail).toContain(sha256(bytes));
    expect(await storedFiles()).not.toContain(sha256(bytes));
  });

  it('refuses what is too large, with and without a length', async () => {
    const bytes = randomBytes(LIMIT + 1);
    const detail = `An artifact may have at most ${LIMIT} bytes.`;
    expect(problemOf(await put({ bytes }))).toMatchObject({ status: 413, detail });

    const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
    const answer = await fetch(`${url}/v1/runs/${runId}/artifacts/large?fence=${fence}&kind=other`, {
      method: 'PUT',
      headers: { 'x-sha256': sha256(bytes) },
      body: Readable.toWeb(Readable.from([bytes])),
      duplex: 'half',
    });
    expect(await answer.json()).toMatchObject({ status: 413, detail });
    expect(await storedFiles()).not.toContain(sha256(bytes));
  });
});

describe('POST /v1/artifacts', () => {
  it('stores weights of no run', async () => {
    const bytes = safetensors({ kernel: [1, 2, 3], bias: [4] });
    const answer = await api.inject({
      method: 'POST',
      url: '/v1/artifacts?name=savi.safetensors',
      payload: bytes,
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({
      runId: null,
      kind: 'weights',
      name: 'savi.safetensors',
      sha256: sha256(bytes),
    });
    expect((await api.inject({ url: answer.headers['location']! })).rawPayload).toEqual(bytes);
  });

  it.each([
    ['', 'name'],
    ['name=', 'name'],
    ['name=../x', 'name'],
    ['name=x&kind=y', 'kind'],
  ])('refuses ?%s', async (query, path) => {
    const answer = await api.inject({ method: 'POST', url: `/v1/artifacts?${query}`, payload: Buffer.from('x') });
    expect(problemOf(answer)).toMatchObject({ status: 400, errors: [{ path }] });
  });
});

const uploadLoose = (payload: Buffer, kind = 'weights') =>
  api.inject({ method: 'POST', url: `/v1/artifacts?name=w.safetensors&kind=${kind}`, payload });
const tunedStages = (from?: object) => [
  { name: 'scratch', grid: { beta: [1] } },
  { name: 'tuned', grid: { beta: [1] }, ...(from ? { from } : {}) },
];

describe('weights', () => {
  it.each([
    ['four bytes', Buffer.alloc(4), /4 bytes hold no header/],
    ['any bytes', Buffer.from('PK some other file of this length'), /no safetensors file/],
    ['half a file', safetensors({ a: [1, 2, 3] }).subarray(0, -4), /12 bytes and the file holds 8/],
    ['no tensors', safetensors({}), /holds no tensors/],
    ['another type', safetensors({ a: [1] }, () => ({ a: { dtype: 'F16', shape: [2], data_offsets: [0, 4] } })), /F16/],
    [
      'another shape',
      safetensors({ a: [1] }, () => ({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } })),
      /shape/,
    ],
    [
      'a gap',
      safetensors({ a: [1, 2] }, () => ({ a: { dtype: 'F32', shape: [1], data_offsets: [4, 8] } })),
      /not at 0/,
    ],
    ['a list', safetensors({ a: [1] }, () => [1]), /no JSON object/],
    ['no description', safetensors({ a: [1] }, () => ({ a: 7 })), /its description is not/],
  ])('of %s are refused with what is wrong, and leave nothing', async (_what, bytes, message) => {
    const problem = problemOf(await uploadLoose(bytes));
    expect(problem).toMatchObject({ status: 400, errors: [{ path: 'body', message: expect.stringMatching(message) }] });
    expect(await api.files.size(sha256(bytes))).toBeNull();
    expect((await uploadLoose(bytes, 'other')).statusCode).toBe(201);
  });

  it('that were uploaded are named in a spec, and make cells of their own', async () => {
    const bytes = safetensors({ 'encoder.conv0/kernel': [1, 2] });
    const { grid: _grid, select: _select, ...spec } = smallSpec();
    const post = (from: object) =>
      api.inject({ method: 'POST', url: '/v1/sweeps', payload: { ...spec, stages: tunedStages(from) } });
    const from = { upload: `sha256:${sha256(bytes)}` };
    expect(problemOf(await post(from)).errors).toMatchObject([
      { path: 'stages.1.from.upload', message: 'no weights of this sha256 were uploaded', given: from.upload },
    ]);
    await uploadLoose(bytes);
    const answer = await post(from);
    expect(answer.statusCode).toBe(201);
    const [scratch, tuned] = await api.store.stages.list(answer.json().id);
    expect(tuned!.plan).toMatchObject({ from: null, weights: sha256(bytes) });
    const hashOf = (plan: typeof scratch) => expandStage(plan!.plan, null, catalog)[0]!.hash;
    expect(hashOf(tuned)).not.toBe(hashOf(scratch));
    expect(problemOf(await post({ ...from, stage: 'scratch' })).errors).toMatchObject([{ path: 'stages.1.from' }]);
  });
});

it('weights that a parameter names are looked at', async () => {
  const bytes = safetensors({ 'features.0.weight': [1, 2] });
  await uploadLoose(bytes);
  const answer = await api.inject({
    method: 'POST',
    url: '/v1/sweeps',
    payload: {
      name: 'x',
      model: 'dlp',
      dataset: { kind: 'shapes', train: 32, val: 2, test: 1 },
      params: { recon_loss_type: 'vgg', vgg_weights: `sha256:${sha256(bytes)}` },
      grid: { beta_kl: [40] },
      select: { metric: 'val.psnr' },
    },
  });
  expect(problemOf(answer).errors).toEqual([
    {
      path: 'params.vgg_weights',
      message: 'the file has tensor features.0.weight of shape [2], where the model wants [64, 3, 3, 3]',
      given: `sha256:${sha256(bytes)}`,
      allowed: expect.stringMatching(/^a file of 26 tensors, features.0.weight and so on/),
    },
  ]);
});

describe('GET /v1/artifacts/{id}', () => {
  const bytes = Buffer.from('0123456789');
  let url: string;
  beforeAll(async () => {
    url = (await put({ name: 'digits.png', bytes })).headers['location']!;
  });
  const get = (headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
    api.inject({ method, url, headers });

  it('gives the file with what a client needs to keep and save it', async () => {
    const answer = await get();
    expect(answer.statusCode).toBe(200);
    expect(answer.rawPayload).toEqual(bytes);
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'content-length': '10',
      'content-disposition': 'inline; filename="digits.png"',
      'accept-ranges': 'bytes',
      etag: `"${sha256(bytes)}"`,
      'x-content-type-options': 'nosniff',
    });
    expect(answer.headers['content-security-policy']).toContain('sandbox');
  });

  it('answers HEAD with the same headers and no body', async () => {
    const answer = await get({}, 'HEAD');
    expect([answer.statusCode, answer.body, answer.headers['content-length']]).toEqual([200, '', '10']);
  });

  it.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=5-100', '56789', 'bytes 5-9/10'],
  ])('gives %s', async (range, text, contentRange) => {
    const answer = await get({ range });
    expect([answer.statusCode, answer.body, answer.headers['content-range']]).toEqual([206, text, contentRange]);
    expect(answer.headers['content-length']).toBe(String(text.length));
  });

  it('answers 416 to a range outside', async () => {
    const problem = problemOf(await get({ range: 'bytes=10-' }));
    expect(problem).toMatchObject({
      status: 416,
      errors: [{ path: 'range', given: 'bytes=10-', allowed: 'bytes 0-9' }],
    });
  });

  it.each(['nonsense', 'bytes=a-b', 'bytes=0-1,3-4'])('gives the whole file for the range %s', async (range) => {
    const answer = await get({ range });
    expect([answer.statusCode, answer.body]).toEqual([200, '0123456789']);
  });

  it('heeds conditions', async () => {
    const etag = `"${sha256(bytes)}"`;
    expect((await get({ 'if-none-match': etag })).statusCode).toBe(304);
    expect((await get({ 'if-none-match': `"x", W/${etag}` })).statusCode).toBe(304);
    expect((await get({ 'if-none-match': '"x"' })).statusCode).toBe(200);
    expect((await get({ range: 'bytes=0-1', 'if-range': etag })).statusCode).toBe(206);
    expect((await get({ range: 'bytes=0-1', 'if-range': '"old"' })).statusCode).toBe(200);
  });

  it('offers what could act as a page for saving only', async () => {
    const at = (await put({ name: 'x.html', headers: { 'content-type': 'text/html' } })).headers['location']!;
    expect((await api.inject({ url: at })).headers['content-disposition']).toBe('attachment; filename="x.html"');
  });

  it('answers 410 where the stored file is cut or gone', async () => {
    const content = Buffer.from('soon damaged');
    const at = (await put({ name: 'damaged.bin', bytes: content })).headers['location']!;
    const file = join(api.root, '../artifacts', sha256(content).slice(0, 2), sha256(content));
    await truncate(file, 3);
    const cut = problemOf(await api.inject({ url: at }));
    expect(cut).toMatchObject({ status: 410, detail: expect.stringContaining('has 3 bytes; recorded: 12') });
    await rm(file);
    expect(problemOf(await api.inject({ url: at }))).toMatchObject({
      status: 410,
      type: 'urn:trawl:problem:file-lost',
    });
  });

  it.each([randomUUID(), 'nonsense', '%00'])('has no artifact %s', async (id) => {
    expect(problemOf(await api.inject({ url: `/v1/artifacts/${id}` })).status).toBe(404);
  });
});
