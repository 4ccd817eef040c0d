import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ArtifactMismatch } from './files.js';
import { LocalArtifacts } from './local.js';

let folder: string;
let files: LocalArtifacts;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'trawl-files-'));
  files = new LocalArtifacts(path.join(folder, 'artifacts'));
});

afterEach(() => rm(folder, { recursive: true }));

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}
const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
const everyFile = async (): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).map((e) => e.name);

async function read(sha256: string, range?: { start: number; end: number }): Promise<string | null> {
  const file = await files.open(sha256, range);
  return file === null ? null : (await buffer(file.stream)).toString();
}

test('what was put can be read, whole and in ranges', async () => {
  const sha256 = sha('hello world');
  expect(await files.put(pieces('hello ', 'world'), sha256)).toEqual({ sha256, size: 11 });
  expect(await read(sha256)).toBe('hello world');
  expect(await read(sha256, { start: 4, end: 7 })).toBe('o wo');
  expect((await files.open(sha256, { start: 0, end: 0 }))?.size).toBe(11);
  expect(await files.size(sha256)).toBe(11);
});

test('an empty file is a file', async () => {
  const { sha256 } = await files.put(pieces());
  expect(await read(sha256)).toBe('');
});

test('content that is not what was announced leaves nothing', async () => {
  await expect(files.put(pieces('tampered'), sha('original'))).rejects.toThrow(ArtifactMismatch);
  expect(await everyFile()).toEqual([]);
});

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half');
  throw new Error('connection lost');
}

test('an upload that breaks off leaves nothing', async () => {
  await expect(files.put(broken())).rejects.toThrow('connection lost');
  expect(await everyFile()).toEqual([]);
});

test('the same content at once is one file', async () => {
  const put = await Promise.all(Array.from({ length: 8 }, () => files.put(pieces('same'))));
  expect(new Set(put.map((each) => each.sha256))).toEqual(new Set([sha('same')]));
  expect(await everyFile()).toEqual([sha('same')]);
});

test('what is not there is null or false, and no name leads out of the folder', async () => {
  await writeFile(path.join(folder, 'secret'), 'secret');
  for (const name of [sha('never put'), '../secret', '', 'A'.repeat(64)]) {
    expect(await files.open(name)).toBeNull();
    expect(await files.size(name)).toBeNull();
    expect(await files.delete(name)).toBe(false);
  }
  expect(await readFile(path.join(folder, 'secret'), 'utf8')).toBe('secret');
});

test('deleting is once', async () => {
  const { sha256 } = await files.put(pieces('x'));
  expect(await files.delete(sha256)).toBe(true);
  expect(await files.delete(sha256)).toBe(false);
});

test('what was put again since is not deleted, however the two meet', async () => {
  const { sha256 } = await files.put(pieces('x'));
  expect(await files.delete(sha256, new Date(Date.now() - 60_000))).toBe(false);
  const file = path.join(folder, 'artifacts', sha256.slice(0, 2), sha256);
  for (let round = 0; round < 50; round++) {
    await utimes(file, new Date(0), new Date(0));
    await Promise.all([files.put(pieces('x')), files.delete(sha256, new Date(Date.now() - 60_000))]);
    expect(await read(sha256)).toBe('x');
  }
});

test('the list has every file, and beside it what has not ended', async () => {
  const names: string[] = [];
  for await (const file of files.list()) names.push(file.sha256);
  expect(names).toEqual([]);

  for (const text of ['a', 'bb', 'ccc']) await files.put(pieces(text));
  const incoming = path.join(folder, 'artifacts/incoming');
  await mkdir(incoming, { recursive: true });
  await writeFile(path.join(incoming, 'old'), 'part');
  await utimes(path.join(incoming, 'old'), new Date(0), new Date(0));

  const sizes: Record<string, number> = {};
  for await (const file of files.list()) sizes[file.sha256] = file.size;
  expect(sizes).toEqual({ [sha('a')]: 1, [sha('bb')]: 2, [sha('ccc')]: 3 });
  const unfinished = [];
  for await (const file of files.unfinished()) unfinished.push(file);
  expect(unfinished).toEqual([{ name: 'old', size: 4, modifiedAt: new Date(0) }]);
  expect(await files.removeUnfinished('old')).toBe(true);
  expect(await files.removeUnfinished('old')).toBe(false);
});
