import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ArtifactFiles, ArtifactMismatch } from './files.js';

/** One kind of store, empty for each test. */
export interface Place {
  files: ArtifactFiles;
  /** Makes what is there under this name as old as can be. */
  age: (sha256: string) => Promise<void>;
  /** How many files or objects there are, of any name. */
  count: () => Promise<number>;
  close: () => Promise<void>;
}

export async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}
export const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

export async function readText(
  files: ArtifactFiles,
  sha256: string,
  range?: { start: number; end: number },
): Promise<string | null> {
  const file = await files.open(sha256, range);
  return file === null ? null : (await buffer(file.stream)).toString();
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half');
  throw new Error('connection lost');
}

const aMinuteAgo = (): Date => new Date(Date.now() - 60_000);

/** What every store of artifacts must do. `rounds` of put against delete are tried. */
export function testsOfArtifacts(open: () => Promise<Place>, rounds: number): void {
  let place: Place;
  let files: ArtifactFiles;

  beforeEach(async () => {
    place = await open();
    ({ files } = place);
  });
  afterEach(() => place.close());

  const read = (sha256: string, range?: { start: number; end: number }) => readText(files, sha256, range);

  test('what was put can be read, whole and in ranges', async () => {
    const sha256 = sha('hello world');
    expect(await files.put(pieces('hello ', 'world'), sha256)).toEqual({ sha256, size: 11 });
    expect(await read(sha256)).toBe('hello world');
    expect(await read(sha256, { start: 4, end: 7 })).toBe('o wo');
    const part = await files.open(sha256, { start: 0, end: 0 });
    expect(part?.size).toBe(11);
    part?.stream.destroy();
    expect(await files.size(sha256)).toBe(11);
    expect(await files.onDisk(sha256, (path) => readFile(path, 'utf8'))).toBe('hello world');
  });

  test('an empty file is a file', async () => {
    const { sha256 } = await files.put(pieces());
    expect(await read(sha256)).toBe('');
  });

  test('a file of many parts is whole', async () => {
    const chunk = Buffer.alloc(1_000_003, 7);
    const sha256 = createHash('sha256');
    async function* content(): AsyncGenerator<Uint8Array> {
      for (let k = 0; k < 12; k++) {
        sha256.update(chunk);
        yield chunk;
      }
    }
    const put = await files.put(content());
    expect(put).toEqual({ sha256: sha256.digest('hex'), size: 12 * chunk.byteLength });
    const back = await files.open(put.sha256);
    expect(sha((await buffer(back!.stream)).toString('latin1'))).toBe(
      sha(Buffer.alloc(put.size, 7).toString('latin1')),
    );
  });

  test('content that is not what was announced leaves nothing', async () => {
    await expect(files.put(pieces('tampered'), sha('original'))).rejects.toThrow(ArtifactMismatch);
    expect(await place.count()).toBe(0);
  });

  test('an upload that breaks off leaves nothing', async () => {
    await expect(files.put(broken())).rejects.toThrow('connection lost');
    expect(await place.count()).toBe(0);
  });

  test('the same content again and at once is listed once', async () => {
    await files.put(pieces('same'));
    const put = await Promise.all(Array.from({ length: 8 }, () => files.put(pieces('same'))));
    expect(new Set(put.map((each) => each.sha256))).toEqual(new Set([sha('same')]));
    expect(await read(sha('same'))).toBe('same');
    const names: string[] = [];
    for await (const file of files.list()) names.push(file.sha256);
    expect(names).toEqual([sha('same')]);
  });

  test('what is not there is null or false, whatever its name', async () => {
    await files.put(pieces('other'));
    for (const name of [sha('never put'), '../secret', '', 'A'.repeat(64), sha('other').slice(0, 32)]) {
      expect(await files.open(name)).toBeNull();
      expect(await files.size(name)).toBeNull();
      expect(await files.onDisk(name, (path) => readFile(path))).toBeNull();
      expect(await files.delete(name)).toBe(false);
    }
    expect(await read(sha('other'))).toBe('other');
  });

  test('deleting is once', async () => {
    const { sha256 } = await files.put(pieces('x'));
    expect(await files.delete(sha256)).toBe(true);
    expect(await files.delete(sha256)).toBe(false);
    expect(await read(sha256)).toBeNull();
  });

  test('what was put again since is not deleted, however the two meet', async () => {
    const { sha256 } = await files.put(pieces('x'));
    expect(await files.delete(sha256, aMinuteAgo())).toBe(false);
    for (let round = 0; round < rounds; round++) {
      await place.age(sha256);
      await Promise.all([files.put(pieces('x')), files.delete(sha256, aMinuteAgo())]);
      expect(await read(sha256)).toBe('x');
    }
    await place.age(sha256);
    expect(await files.delete(sha256, aMinuteAgo())).toBe(true);
  });

  test('the list has every file', async () => {
    const sizes: Record<string, number> = {};
    for await (const file of files.list()) sizes[file.sha256] = file.size;
    expect(sizes).toEqual({});
    for (const text of ['a', 'bb', 'ccc']) await files.put(pieces(text));
    for await (const file of files.list()) sizes[file.sha256] = file.size;
    expect(sizes).toEqual({ [sha('a')]: 1, [sha('bb')]: 2, [sha('ccc')]: 3 });
  });
}
