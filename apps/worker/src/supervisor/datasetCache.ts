import { link, mkdir, readdir, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fileHash } from '@trawl/datasets/fileHash';
import type { Logger } from 'pino';
import type { Transfers } from './transfer.js';

/** The disk, or the share of it that datasets may take, is full. */
export class NoRoom extends Error {
  override name = 'NoRoom';
}

export interface DatasetCache {
  /**
   * Puts the data of this sha256 at `path`, which must not exist, on the same disk as the cache. It is fetched once for
   * all who ask at the same time, and stays for those who ask later.
   * @throws NoRoom; TransferRefused and FileLost where the api does not give it
   */
  provide(sha256: string, path: string, signal: AbortSignal): Promise<void>;
}

export interface DatasetCacheOptions {
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
 * Files by their sha256 in a folder that several workers may share. An attempt gets a hard link of its own, so that
 * a file is never taken from under a trainer: what was used longest ago, and has no other link, goes first.
 */
export function openDatasetCache({ folder, limitBytes, transfers, log }: DatasetCacheOptions): DatasetCache {
  const fetching = new Map<string, Fetching>();
  /** Files that this process has hashed or downloaded, by inode. */
  const sound = new Set<string>();
  let downloads = 0;

  /** A file of an earlier process may have been cut short or spoilt since. */
  const isSound = async (sha256: string): Promise<boolean> => {
    const file = join(folder, sha256);
    const stamp = await stampOf(file);
    if (stamp === null || sound.has(stamp)) return stamp !== null;
    if ((await fileHash(file)).sha256 !== sha256) {
      await rm(file, { force: true });
      return false;
    }
    sound.add(stamp);
    return true;
  };

  const fetch = async (sha256: string, signal: AbortSignal): Promise<void> => {
    if (await isSound(sha256)) return;
    await mkdir(folder, { recursive: true });
    await removeCutOff(folder);
    const incoming = join(folder, `incoming-${process.pid}-${downloads++}`);
    const before = async (bytes: number): Promise<void> => {
      log.info({ sha256, bytes }, 'fetching a dataset');
      await makeRoom(folder, bytes, limitBytes);
    };
    try {
      await transfers.download({ url: `/v1/datasets/${sha256}/content`, sha256, before }, incoming, signal);
      await rename(incoming, join(folder, sha256));
    } catch (error) {
      await rm(`${incoming}.partial`, { force: true });
      throw isFull(error) ? new NoRoom(`no room for dataset ${sha256} in ${folder}: the disk is full`) : error;
    }
    const stamp = await stampOf(join(folder, sha256));
    if (stamp !== null) sound.add(stamp);
  };

  /** One download for all who wait; it ends with the last of them. */
  const fetchShared = async (sha256: string, signal: AbortSignal): Promise<void> => {
    let shared = fetching.get(sha256);
    if (shared === undefined) {
      const stop = new AbortController();
      const done = fetch(sha256, stop.signal).finally(() => fetching.delete(sha256));
      shared = { done, waiting: 0, stop };
      fetching.set(sha256, shared);
    }
    shared.waiting += 1;
    try {
      await Promise.race([shared.done, aborted(signal)]);
    } finally {
      shared.waiting -= 1;
      if (shared.waiting === 0) shared.stop.abort(signal.reason);
    }
  };

  return {
    async provide(sha256, path, signal) {
      const file = join(folder, sha256);
      for (;;) {
        await fetchShared(sha256, signal);
        const now = new Date();
        // Another worker may have made room with it in between.
        if (await ifThere(() => link(file, path).then(() => true)))
          return void (await ifThere(() => utimes(file, now, now)));
      }
    },
  };
}

/** Deletes what was used longest ago until `bytes` more fit. @throws NoRoom */
async function makeRoom(folder: string, bytes: number, limitBytes: number): Promise<void> {
  if (bytes > limitBytes) {
    throw new NoRoom(
      `a dataset of ${gigabytes(bytes)} exceeds TRAWL_DATASET_CACHE_GIGABYTES, ${gigabytes(limitBytes)}`,
    );
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
      const used = `${gigabytes(total)} of datasets are in use`;
      throw new NoRoom(
        `no room for a dataset of ${gigabytes(bytes)} in ${folder}: ${gigabytes(await free())} free, ${used}, TRAWL_DATASET_CACHE_GIGABYTES allows ${gigabytes(limitBytes)}`,
      );
    }
    await rm(oldest.path, { force: true });
    total -= oldest.size;
  }
}

async function stampOf(file: string): Promise<string | null> {
  const facts = await ifThere(() => stat(file));
  return facts === null ? null : `${file}:${facts.ino}:${facts.size}`;
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
    if (facts) found.push({ path, size: facts.size, links: facts.nlink, usedAt: facts.mtimeMs });
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

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
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
