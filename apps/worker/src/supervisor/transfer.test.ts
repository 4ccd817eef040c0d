import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FileLost, openTransfers, TransferRefused, type Upload } from './transfer.js';

let dir: string;
let server: Server;
let url: string;
let answer: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trawl-transfer-'));
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, Buffer.concat(chunks), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(dir, { recursive: true });
});

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const never = new AbortController().signal;

function upload(): Upload {
  const path = join(dir, 'file');
  const bytes = Buffer.alloc(200_001, 7);
  writeFileSync(path, bytes);
  const mediaType = 'application/octet-stream';
  return {
    runId: 'r',
    fence: 4,
    name: 'a b.bin',
    kind: 'checkpoint',
    mediaType,
    content: { path },
    sha256: sha256(bytes),
    size: bytes.length,
    epoch: 1,
    step: 9,
  };
}

it('uploads a file with its fence and hash, again after errors that pass', async () => {
  const seen: string[] = [];
  answer = (request, body, response) => {
    seen.push(
      `${request.method} ${request.url} ${request.headers['x-sha256'] === sha256(body)} ${request.headers['content-length']}`,
    );
    response.writeHead(seen.length < 3 ? 503 : 201).end();
  };
  const retries: string[] = [];
  const transfers = openTransfers({ url, key: undefined }, (what) => retries.push(what));
  expect(await transfers.upload(upload(), never)).toBe('stored');
  const line = 'PUT /v1/runs/r/artifacts/a%20b.bin?fence=4&kind=checkpoint&epoch=1&step=9 true 200001';
  expect(seen).toEqual([line, line, line]);
  expect(retries).toHaveLength(2);
});

it.each([409, 404])('takes %i for a stale fence', async (status) => {
  answer = (_request, _body, response) => void response.writeHead(status).end();
  expect(await openTransfers({ url, key: undefined }, () => {}).upload(upload(), never)).toBe('stale');
});

it('does not insist on what the api will never take', async () => {
  answer = (_request, _body, response) => void response.writeHead(413).end('too large');
  await expect(openTransfers({ url, key: undefined }, () => {}).upload(upload(), never)).rejects.toThrow(
    TransferRefused,
  );
});

it('does not insist where the file is not there', async () => {
  answer = (_request, _body, response) => void response.writeHead(201).end();
  const file: Upload = { ...upload(), content: { path: join(dir, 'nothing') } };
  await expect(openTransfers({ url, key: undefined }, () => expect.unreachable()).upload(file, never)).rejects.toThrow(
    'fetch failed',
  );
});

it('stops trying when it is told to', async () => {
  answer = (_request, _body, response) => void response.writeHead(500).end();
  const stop = new AbortController();
  const transfers = openTransfers({ url, key: undefined }, () => stop.abort(new Error('enough')));
  await expect(transfers.upload(upload(), stop.signal)).rejects.toThrow('enough');
});

it('tries while nobody listens', async () => {
  const stop = new AbortController();
  server.close();
  let retries = 0;
  const transfers = openTransfers({ url, key: undefined }, () => ++retries === 2 && stop.abort(new Error('enough')));
  await expect(transfers.upload(upload(), stop.signal)).rejects.toThrow('enough');
});

it.each([
  [410, FileLost],
  [404, TransferRefused],
])('knows a file that is lost from an api that refuses: %i', async (status, wanted) => {
  answer = (_request, _body, response) => void response.writeHead(status).end();
  const download = openTransfers({ url, key: undefined }, () => {}).download(
    { url: '/x', sha256: 'f'.repeat(64) },
    join(dir, 'x'),
    never,
  );
  expect(await download.catch((error: unknown) => error)).toHaveProperty('name', wanted.name);
});

it('downloads whole and right, or not at all', async () => {
  const bytes = Buffer.from('weights');
  const path = join(dir, 'down');
  const transfers = openTransfers({ url, key: undefined }, () => {});
  answer = (_request, _body, response) => void response.end(bytes);
  await expect(transfers.download({ url: '/x', sha256: 'f'.repeat(64) }, path, never)).rejects.toThrow(FileLost);
  expect(existsSync(path)).toBe(false);

  let cut = true;
  answer = (_request, _body, response) => {
    if (cut) {
      cut = false;
      response.writeHead(200, { 'content-length': '100' }).write('wei');
      setTimeout(() => response.destroy(), 20);
    } else response.end(bytes);
  };
  await transfers.download({ url: '/x', sha256: sha256(bytes) }, path, never);
  expect(readFileSync(path)).toEqual(bytes);
});
