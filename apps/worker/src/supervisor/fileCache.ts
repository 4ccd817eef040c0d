import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { fileHash } from '@trawl/datasets/fileHash';
import type { Logger } from 'pino';
import type { Transfers, Wanted } from './transfer.js';

/** The disk, or the share of it that fetched files may take, is full. */
export class NoRoom extends Error {
  override name = 'NoRoom';
}

export interface FileCache {
  /**
   * Puts the file of this sha256 at `path`, on the same disk as the cache, in place of what is there. It is fetched once
   * for all who ask at the same time, and stays for those who ask later.
   * @throws NoRoom; TransferRefused and FileLost where the api does not give it
   */
  provide(wanted: Fetched, path: string, signal: AbortSignal): Promise<void>;
}

type Fetched = Pick<Wanted, 'url' | 'sha256'>;

export interface FileCacheOptions {
  /** Made when it is first needed. */
  folder: string;
  limitBytes: number;
  transfers: Pick<Transfers, 'download'>;
  log: Pick<Logger, 'info'>;
}

interface Fetching {
  done: Promise<void>;
  waiting: number;
  stop: AbortController;
}

const NAME = /^[0-9a-f]{64}$/;
const INCOMING = /^incoming-/;
/** Longer than any download: what is older was cut off by a crash. */
const CUT_OFF_MS = 24 * 60 * 60 * 1000;
const GIGABYTE = 1e9;
const gigabytes = (bytes: number): string => `${(bytes / GIGABYTE).toFixed(2)} GB`;

/**
 * Files by their sha256 in a folder that several workers may share: data, and weights. An attempt gets a hard link of its
 * own, so that a file is never taken from under a trainer: what was used longest ago, and has no other link, goes first.
 */
export function openFileCache({ folder, limitBytes, transfers, log }: FileCacheOptions): FileCache {
  const fetching = new Map<string, Fetching>();
  /** Files that this process has hashed or downloaded, as they were then. */
  const sound = new Map<string, string>();

  /** A file of an earlier process may have been cut short, and any may be spoilt since it was looked at. */
  const isSound = async (sha256: string): Promise<boolean> => {
    const file = join(folder, sha256);
    const stamp = await stampOf(file);
    if (stamp === null || sound.get(sha256) === stamp) return stamp !== null;
    if ((await fileHash(file)).sha256 !== sha256) {
      await rm(file, { force: true });
      return false;
    }
    sound.set(sha256, stamp);
    return true;
  };

  const fetch = async ({ url, sha256 }: Fetched, signal: AbortSignal): Promise<void> => {
    if (await isSound(sha256)) return;
    await mkdir(folder, { recursive: true });
    await removeCutOff(folder);
    const incoming = join(folder, `incoming-${randomUUID()}`);
    const before = async (bytes: number): Promise<void> => {
      log.info({ url, sha256, bytes }, 'fetching a file');
      await makeRoom(folder, bytes, limitBytes);
    };
    try {
      await transfers.download({ url, sha256, before }, incoming, signal);
      await rename(incoming, join(folder, sha256));
    } catch (error) {
      await rm(`${incoming}.partial`, { force: true });
      throw isFull(error) ? new NoRoom(`no room for file ${sha256} in ${folder}: the disk is full`) : error;
    }
    const stamp = await stampOf(join(folder, sha256));
    if (stamp !== null) sound.set(sha256, stamp);
  };

  /** One download for all who wait; it ends with the last of them. */
  const fetchShared = async (wanted: Fetched, signal: AbortSignal): Promise<void> => {
    const { sha256 } = wanted;
    signal.throwIfAborted();
    let shared = fetching.get(sha256);
    if (shared === undefined) {
      const stop = new AbortController();
      shared = { done: fetch(wanted, stop.signal), waiting: 0, stop };
      fetching.set(sha256, shared);
    }
    shared.waiting += 1;
    try {
      await unlessAborted(shared.done, signal);
    } finally {
      shared.waiting -= 1;
      if (shared.waiting === 0) {
        // At once: who asks while it is still winding up must not be told of a cancellation that is not theirs.
        fetching.delete(sha256);
        shared.stop.abort(signal.reason);
      }
    }
  };

  return {
    async provide(wanted, path, signal) {
      const file = join(folder, wanted.sha256);
      for (;;) {
        await fetchShared(wanted, signal);
        // An attempt that goes on from an earlier checkpoint is prepared once more.
        await rm(path, { force: true });
        // Another worker may have made room with it in between.
        if (await ifThere(() => link(file, path).then(() => true))) return void (await ifThere(() => markUsed(file)));
      }
    },
  };
}

/** Deletes what was used longest ago until `bytes` more fit. @throws NoRoom */
async function makeRoom(folder: string, bytes: number, limitBytes: number): Promise<void> {
  if (bytes > limitBytes) {
    throw new NoRoom(`a file of ${gigabytes(bytes)} exceeds TRAWL_DATASET_CACHE_GIGABYTES, ${gigabytes(limitBytes)}`);
  }
  const held = await filesOf(folder);
  let total = held.reduce((sum, file) => sum + file.size, 0);
  const unused = held.filter((file) => file.links === 1).sort((a, b) => a.usedAt - b.usedAt);
  const free = async (): Promise<number> => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  };
  while (total + bytes > limitBytes || (await free()) < bytes) {
    const oldest = unused.shift();
    if (oldest === undefined) {
      const used = `${gigabytes(total)} are in use`;
      throw new NoRoom(
        `no room for a file of ${gigabytes(bytes)} in ${folder}: ${gigabytes(await free())} free, ${used}, TRAWL_DATASET_CACHE_GIGABYTES allows ${gigabytes(limitBytes)}`,
      );
    }
    await rm(oldest.path, { force: true });
    total -= oldest.size;
  }
}

/** Its milliseconds as `markUsed` writes them: utimes cannot give a file back its nanoseconds. */
const changedAt = ({ mtimeMs }: Stats): number => Math.round(mtimeMs);

/** Changes when the file is written or replaced, not when it is linked or used. */
async function stampOf(file: string): Promise<string | null> {
  const facts = await ifThere(() => stat(file));
  return facts === null ? null : `${facts.ino}:${facts.size}:${changedAt(facts)}`;
}

/** As the time of access, for all workers that share the folder: that of the last change tells a spoilt file. */
async function markUsed(file: string): Promise<void> {
  await utimes(file, new Date(), new Date(changedAt(await stat(file))));
}

interface CachedFile {
  path: string;
  size: number;
  links: number;
  usedAt: number;
}

async function filesOf(folder: string): Promise<CachedFile[]> {
  const found: CachedFile[] = [];
  for (const name of await readdir(folder)) {
    if (!NAME.test(name)) continue;
    const path = join(folder, name);
    const facts = await ifThere(() => stat(path));
    if (facts) found.push({ path, size: facts.size, links: facts.nlink, usedAt: facts.atimeMs });
  }
  return found;
}

async function removeCutOff(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const facts = INCOMING.test(name) ? await ifThere(() => stat(file)) : null;
    if (facts !== null && facts.mtimeMs < Date.now() - CUT_OFF_MS) await rm(file, { force: true });
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', fail, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', fail));
  });
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
const isFull = (error: unknown): boolean => codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT';

async function ifThere<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
