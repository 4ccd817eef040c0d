import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetDetail } from '@trawl/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { writeDataRoot } from '../support/dataRoot.js';
import { videoFile, writeHdf5 } from '../support/hdf5.js';
import { smallSpec } from '../support/specs.js';

let api: TestApi;
let video: Buffer;
beforeAll(async () => {
  api = await startApi({ limits: { dataset: 1_000_000 } });
  await writeDataRoot(api.root);
  const path = join(api.root, '../upload.hdf5');
  await writeHdf5(path, videoFile({ frames: Array.from({ length: 20 }, () => 5), height: 32, width: 32 }));
  video = await readFile(path);
});
afterAll(() => api.close());

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const upload = (payload: Buffer, headers: Record<string, string> = {}, query = '') =>
  api.inject({ method: 'POST', url: `/v1/datasets${query}`, payload, headers });
const get = (url: string, headers: Record<string, string> = {}) => api.inject({ url, headers });
const remove = (id: string) => api.inject({ method: 'DELETE', url: `/v1/datasets/${id}` });
/** Another file of the same layout. */
async function another(frames: number): Promise<Buffer> {
  const path = join(api.root, '../another.hdf5');
  await writeHdf5(path, videoFile({ frames: Array.from({ length: 20 }, () => frames), height: 32, width: 32 }));
  return readFile(path);
}

const together = (of: string[]) => ({
  ...smallSpec(),
  model: 'msps-vae',
  params: { ...smallSpec().params, n_ae_latents: 6, n_background: 2 },
  dataset: { kind: 'sessions', sessions: of.map((path) => ({ kind: 'hdf5', path })) },
});

describe('an upload', () => {
  it('is taken once it has been looked at, and is the same the second time', async () => {
    const hash = sha256(video);
    const first = await upload(video, { 'x-sha256': hash }, '?name=mouse%201');
    expect([first.statusCode, first.headers['location']]).toEqual([201, `/v1/datasets/${hash}`]);
    const dataset: DatasetDetail = first.json();
    expect(dataset).toMatchObject({
      id: hash,
      sha256: hash,
      name: 'mouse 1',
      kind: 'hdf5',
      size: video.length,
      uploaded: true,
      path: null,
      trials: 20,
      frames: 100,
      height: 32,
      facts: { hash, frames: Array.from({ length: 20 }, () => 5), labels: 2 },
    });
    const again = await upload(video);
    expect([again.statusCode, again.json()]).toEqual([200, dataset]);
    expect((await get(`/v1/datasets/${hash}`)).json()).toEqual(dataset);
    const { facts: _, ...view } = dataset;
    expect((await get('/v1/datasets')).json().items).toContainEqual(view);
  });

  it('comes back whole and in parts', async () => {
    await upload(video);
    const url = `/v1/datasets/${sha256(video)}/content`;
    const whole = await get(url);
    expect([whole.statusCode, whole.headers['content-type']]).toEqual([200, 'application/x-hdf5']);
    expect(whole.rawPayload.equals(video)).toBe(true);
    const part = await get(url, { range: 'bytes=10-19' });
    expect([part.statusCode, part.rawPayload]).toEqual([206, video.subarray(10, 20)]);
    expect((await get(url, { 'if-none-match': `"${sha256(video)}"` })).statusCode).toBe(304);
  });

  it.each([
    ['text', async () => Buffer.from('no HDF5 at all'), /not an HDF5 file/],
    ['nothing', async () => Buffer.alloc(0), /the file is empty/],
    ['half a file', async () => video.subarray(0, 2_000), /cut off/],
    [
      'HDF5 without frames',
      async () => {
        await writeHdf5(join(api.root, '../bare.hdf5'), { labels: {} });
        return readFile(join(api.root, '../bare.hdf5'));
      },
      /no group images/,
    ],
    [
      'a file that sends the reader to /etc/passwd',
      () => readFile(new URL('../../packages/datasets/test/fixtures/external-images.hdf5', import.meta.url)),
      /its values stand in another file|cannot be read/,
    ],
  ])('of %s is refused with what is wrong, and leaves nothing', async (_what, bytes, message) => {
    const payload = await bytes();
    const problem = problemOf(await upload(payload));
    expect(problem).toMatchObject({ status: 400, type: 'urn:trawl:problem:invalid-body' });
    expect(problem.detail).toMatch(message);
    expect(problem.errors).toMatchObject([{ path: 'body', allowed: expect.stringMatching(/./) }]);
    expect((await get(`/v1/datasets/${sha256(payload)}`)).statusCode).toBe(404);
    expect(await api.files.size(sha256(payload))).toBeNull();
  });

  it('of another digest than it says, or too large, is refused', async () => {
    const wrong = problemOf(await upload(video, { 'x-sha256': '0'.repeat(64) }));
    expect(wrong).toMatchObject({ status: 400, type: 'urn:trawl:problem:digest-mismatch' });
    expect(problemOf(await upload(Buffer.alloc(1_000_001))).status).toBe(413);
    expect(problemOf(await upload(video, {}, '?name=a%0ab')).errors).toMatchObject([{ path: 'name' }]);
  });

  it('is named in a spec by its sha256', async () => {
    const hash = sha256(video);
    await upload(video);
    const spec = { ...smallSpec(), dataset: { kind: 'hdf5', path: `sha256:${hash}` } };
    const id = await api.submit(spec);
    expect((await api.store.stages.list(id))[0]!.datasetHash).toBe(hash);
    for (const [path, message] of [
      [`sha256:${'0'.repeat(64)}`, /no dataset of this sha256/],
      ['sha256:abc', /is no sha256/],
    ] as const) {
      const other = { ...spec, dataset: { kind: 'hdf5', path } };
      const problem = problemOf(await api.inject({ method: 'POST', url: '/v1/sweeps', payload: other }));
      expect(problem.errors).toMatchObject([
        { path: 'dataset.path', message: expect.stringMatching(message), given: path },
      ]);
    }

    const refused = problemOf(await remove(hash));
    expect(refused).toMatchObject({ status: 409, detail: expect.stringContaining(id) });
    await api.store.sweeps.cancel(id);
    await api.store.sweeps.delete(id);

    // As one of several sessions, too.
    const other = await another(9);
    await upload(other);
    const paths = [`sha256:${hash}`, `sha256:${sha256(other)}`];
    const both = await api.submit(together(paths));
    expect((await api.store.stages.list(both))[0]!.datasetHash).not.toBe(hash);
    expect(problemOf(await remove(hash))).toMatchObject({ status: 409, detail: expect.stringContaining(both) });
    const unknown = {
      method: 'POST',
      url: '/v1/sweeps',
      payload: together([paths[0]!, `sha256:${'0'.repeat(64)}`]),
    } as const;
    expect(problemOf(await api.inject(unknown)).errors).toMatchObject([{ path: 'dataset.sessions.1.path' }]);
    await api.store.sweeps.cancel(both);
    await api.store.sweeps.delete(both);

    expect((await remove(hash)).statusCode).toBe(204);
    expect((await get(`/v1/datasets/${hash}/content`)).statusCode).toBe(404);
    expect(await api.files.size(hash)).toBeNull();
    expect((await remove(hash)).statusCode).toBe(404);
  });

  it('is no garbage', async () => {
    const bytes = await another(6);
    await upload(bytes);
    await api.store.artifacts.gc(api.files, { graceSeconds: 0, dryRun: false });
    expect(await api.files.size(sha256(bytes))).toBe(bytes.length);
  });
});

describe('data below a root', () => {
  it('is given to workers that lack it, as long as it is what the sweep was checked with', async () => {
    const file = join(api.root, 'mouse/data.hdf5');
    const bytes = await readFile(file);
    const hash = sha256(bytes);
    expect((await get(`/v1/datasets/${hash}/content`)).statusCode).toBe(404);
    await api.submit({ ...smallSpec(), dataset: { kind: 'hdf5', path: 'mouse/data.hdf5' } });
    expect((await get(`/v1/datasets/${hash}`)).json()).toMatchObject({ uploaded: false, path: 'mouse/data.hdf5' });
    expect((await get(`/v1/datasets/${hash}/content`)).rawPayload.equals(bytes)).toBe(true);
    expect(problemOf(await remove(hash))).toMatchObject({ status: 409, detail: expect.stringMatching(/not uploaded/) });

    await rename(file, `${file}.old`);
    expect((await get(`/v1/datasets/${hash}/content`)).statusCode).toBe(404);
    await writeFile(file, 'something else');
    expect((await get(`/v1/datasets/${hash}/content`)).statusCode).toBe(409);
    await rename(`${file}.old`, file);
  });

  it('that is rendered has no file', async () => {
    const id = await api.submit(smallSpec());
    const hash = (await api.store.stages.list(id))[0]!.datasetHash;
    expect((await get(`/v1/datasets/${hash}`)).json()).toMatchObject({ kind: 'behaviour', size: 0, path: null });
    expect((await get(`/v1/datasets/${hash}/content`)).statusCode).toBe(404);
  });
});

it('pages, newest first, each once', async () => {
  for (const frames of [7, 8, 9]) await upload(await another(frames));
  const seen: string[] = [];
  let cursor = '';
  do {
    const { items, nextCursor } = (await get(`/v1/datasets?limit=2${cursor}`)).json();
    seen.push(...items.map((item: { id: string }) => item.id));
    cursor = nextCursor === null ? '' : `&cursor=${nextCursor}`;
  } while (cursor !== '');
  const all = (await get('/v1/datasets?limit=500')).json().items.map((item: { id: string }) => item.id);
  expect(seen).toEqual(all);
  expect(new Set(seen).size).toBe(seen.length);
  expect(problemOf(await get('/v1/datasets?cursor=x')).errors).toMatchObject([{ path: 'cursor' }]);
});
