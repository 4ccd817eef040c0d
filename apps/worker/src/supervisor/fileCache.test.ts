import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type FileCacheOptions, NoRoom, openFileCache } from './fileCache.js';
import type { Wanted } from './transfer.js';

let dir: string;
let folder: string;
let asked: string[];
let gate: Promise<void>;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trawl-cache-'));
  folder = join(dir, 'cache');
  asked = [];
  gate = Promise.resolve();
});
afterEach(() => rmSync(dir, { recursive: true }));

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const data = (n: number): Buffer => Buffer.alloc(100, n);
const hashes = [0, 1, 2, 3].map((n) => sha256(data(n)));
const file = (n: number) => ({ url: `/files/${n}`, sha256: hashes[n]! });
const never = new AbortController().signal;
const at = (name: string): string => join(dir, name);

/** Downloads wait until the answer is called. */
function closeGate(): () => void {
  const opened = new AbortController();
  gate = new Promise((resolve) => opened.signal.addEventListener('abort', () => resolve()));
  return () => opened.abort();
}

/** The api, with the four files above. */
async function download({ url, sha256: hash, before }: Wanted, path: string, signal: AbortSignal): Promise<void> {
  asked.push(url);
  await gate;
  signal.throwIfAborted();
  await before?.(100);
  writeFileSync(path, data(hashes.indexOf(hash)));
}
const open = (given: Partial<FileCacheOptions> = {}) =>
  openFileCache({ folder, limitBytes: 1e9, transfers: { download }, log: { info: () => {} }, ...given });
const noSpace = (): Promise<never> => Promise.reject(Object.assign(new Error('write'), { code: 'ENOSPC' }));
const cached = (): string[] => readdirSync(folder).sort();

it('fetches once, for all who ask at the same time and for those who ask later', async () => {
  const cache = open();
  await Promise.all([1, 2, 3].map((n) => cache.provide(file(0), at(`a${n}`), never)));
  await cache.provide(file(0), at('b'), never);
  await open().provide(file(0), at('c'), never);
  expect(asked).toEqual(['/files/0']);
  for (const name of ['a1', 'a2', 'a3', 'b', 'c']) expect(readFileSync(at(name)).equals(data(0))).toBe(true);
  expect(cached()).toEqual([hashes[0]]);
});

it('fetches again what is not what it was, and only that', async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, hashes[1]!), 'cut sh');
  const cache = open();
  await cache.provide(file(1), at('a'), never);
  expect(asked).toHaveLength(1);
  expect(readFileSync(at('a')).equals(data(1))).toBe(true);

  // Written over in place, in the life of this process; what looks changed is looked at.
  writeFileSync(join(folder, hashes[1]!), data(2));
  utimesSync(join(folder, hashes[1]!), 5, 5);
  await cache.provide(file(1), at('b'), never);
  expect(asked).toHaveLength(2);
  expect(readFileSync(at('b')).equals(data(1))).toBe(true);
  utimesSync(join(folder, hashes[1]!), 5, 5);
  await cache.provide(file(1), at('b'), never);
  expect(asked).toHaveLength(2);
});

it('makes room with what was used longest ago, never with what an attempt has', async () => {
  const cache = open({ limitBytes: 250 });
  await cache.provide(file(0), at('held'), never);
  await cache.provide(file(1), at('done'), never);
  rmSync(at('done'));
  utimesSync(join(folder, hashes[0]!), 1, 1);
  await cache.provide(file(2), at('third'), never);
  expect(cached()).toEqual([hashes[0]!, hashes[2]!].toSorted());

  const full = cache.provide(file(3), at('fourth'), never);
  await expect(full).rejects.toThrow(NoRoom);
  await expect(full).rejects.toThrow(/no room for a file of 0\.00 GB in .*TRAWL_DATASET_CACHE_GIGABYTES allows/);
  await expect(open({ limitBytes: 50 }).provide(file(3), at('x'), never)).rejects.toThrow(/exceeds/);
  rmSync(at('held'));
  await cache.provide(file(3), at('fourth'), never);
  expect(cached()).toEqual([hashes[2]!, hashes[3]!].toSorted());
});

it('says that the disk is full', async () => {
  await expect(open({ transfers: { download: noSpace } }).provide(file(0), at('a'), never)).rejects.toThrow(
    /no room for file .*: the disk is full/,
  );
  expect(cached()).toEqual([]);
});

it('goes on for those who still wait, and stops with the last', async () => {
  let openGate = closeGate();
  const cache = open();
  const [first, second] = [new AbortController(), new AbortController()];
  const a = cache.provide(file(0), at('a'), first.signal);
  const b = cache.provide(file(0), at('b'), second.signal);
  first.abort(new Error('cancelled'));
  await expect(a).rejects.toThrow('cancelled');
  openGate();
  await b;
  expect(existsSync(at('a'))).toBe(false);
  expect(statSync(at('b')).size).toBe(100);

  openGate = closeGate();
  const alone = new AbortController();
  const c = cache.provide(file(1), at('c'), alone.signal);
  alone.abort(new Error('cancelled'));
  await expect(c).rejects.toThrow('cancelled');
  expect(cached()).toEqual([hashes[0]]);

  // The download that nobody waits for has not ended yet.
  const d = cache.provide(file(1), at('d'), never);
  openGate();
  await d;
  expect(cached()).toEqual([hashes[0]!, hashes[1]!].toSorted());
});
