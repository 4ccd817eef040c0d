import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { json, problem, startServer, type Answer, type TestServer } from './testServer.js';
import { createFileClient } from './files.js';

const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251));
const sha256 = createHash('sha256').update(content).digest('hex');
const artifact = { id: 'a1', sha256, size: content.length };
const stored = {
  id: 'a1',
  runId: 'r1',
  name: 'best weights.bin',
  kind: 'weights',
  mediaType: 'application/octet-stream',
  size: content.length,
  sha256,
  epoch: 3,
  step: null,
  createdAt: '2026-11-21T12:00:00Z',
};

let server: TestServer;
let dir: string;
beforeEach(async () => {
  server = await startServer();
  dir = await mkdtemp(join(tmpdir(), 'trawl-client-'));
});
afterEach(async () => {
  await server.close();
  await rm(dir, { recursive: true });
});
const files = () => createFileClient({ baseUrl: server.baseUrl, retry: { firstMs: 1 } });

/** Serves the file with ranges; `breakAfter` ends the connection after so many bytes. */
const serve =
  (breakAfter = Number.POSITIVE_INFINITY): Answer =>
  (response, { headers }) => {
    const from =
      headers['if-range'] === `"${sha256}"` ? Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0) : 0;
    const rest = content.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length, etag: `"${sha256}"` });
    if (rest.length <= breakAfter) response.end(rest);
    else response.write(rest.subarray(0, breakAfter), () => setTimeout(() => response.destroy(), 50));
  };

describe('download', () => {
  it('brings the whole file and leaves nothing else', async () => {
    server.answers.push(serve());
    await files().download(artifact, join(dir, 'w.bin'));
    expect((await readFile(join(dir, 'w.bin'))).equals(content)).toBe(true);
    expect(await readdir(dir)).toEqual(['w.bin']);
  });

  it('goes on where the connection broke', async () => {
    server.answers.push(serve(100_000), serve(100_000), serve());
    await files().download(artifact, join(dir, 'w.bin'));
    expect((await readFile(join(dir, 'w.bin'))).equals(content)).toBe(true);
    expect(server.seen.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=100000-', 'bytes=200000-']);
  });

  it('goes on from what an earlier call left, also if that was all', async () => {
    server.answers.push(serve());
    await writeFile(join(dir, 'w.bin.a1.part'), content.subarray(0, 299_999));
    await files().download(artifact, join(dir, 'w.bin'));
    expect(server.seen.map(({ headers }) => headers.range)).toEqual(['bytes=299999-']);
    await writeFile(join(dir, 'v.bin.a1.part'), content);
    await files().download(artifact, join(dir, 'v.bin'));
    expect((await readFile(join(dir, 'v.bin'))).equals(content)).toBe(true);
    expect(server.seen).toHaveLength(1);
  });

  it('does not let a damaged file appear, and loads it anew next time', async () => {
    const damaged = Buffer.from(content);
    damaged[5] = 255;
    await writeFile(join(dir, 'w.bin.a1.part'), damaged.subarray(0, 1_000));
    server.answers.push(serve());
    await expect(files().download(artifact, join(dir, 'w.bin'))).rejects.toThrow(/a1 arrived damaged/);
    expect(await readdir(dir)).toEqual([]);
    await files().download(artifact, join(dir, 'w.bin'));
    expect(await readdir(dir)).toEqual(['w.bin']);
  });

  it('brings an empty file', async () => {
    server.answers.push((response) => response.writeHead(200).end());
    const empty = { id: 'e', size: 0, sha256: createHash('sha256').digest('hex') };
    await files().download(empty, join(dir, 'empty'));
    expect(await readFile(join(dir, 'empty'))).toHaveLength(0);
  });
});

describe('upload', () => {
  it('sends the bytes with length and sha256, again after a 503', async () => {
    await writeFile(join(dir, 'w.bin'), content);
    server.answers.push(problem(503, 'soon'), json(stored, 201));
    const upload = {
      path: join(dir, 'w.bin'),
      name: 'best weights.bin',
      kind: 'weights',
      mediaType: 'application/octet-stream',
    } as const;
    const told: number[][] = [];
    const onSent = (...sizes: number[]): void => void told.push(sizes);
    await expect(files().uploadOfRun({ ...upload, runId: 'r1', fence: 4, epoch: 3, onSent })).resolves.toEqual(stored);
    expect(told.filter(([bytes]) => bytes === 0)).toHaveLength(2);
    expect(told.at(-1)).toEqual([content.length, content.length]);
    for (const { method, url, headers, body } of server.seen) {
      expect([method, url]).toEqual(['PUT', '/v1/runs/r1/artifacts/best%20weights.bin?fence=4&kind=weights&epoch=3']);
      expect(headers).toMatchObject({ 'x-sha256': sha256, 'content-length': String(content.length) });
      expect(Buffer.from(body, 'latin1').equals(content)).toBe(true);
    }
    expect(server.seen).toHaveLength(2);
  });

  it('does not repeat a file of no run', async () => {
    await writeFile(join(dir, 'w.bin'), 'w');
    server.answers.push(problem(503, 'soon'));
    const upload = { path: join(dir, 'w.bin'), name: 'w', kind: 'weights', mediaType: 'text/plain' } as const;
    await expect(files().upload(upload)).rejects.toThrow('soon');
    expect(server.seen.map(({ url }) => url)).toEqual(['/v1/artifacts?name=w&kind=weights']);
  });
});
