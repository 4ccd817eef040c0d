import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

const REMEMBERED = 1_000;
const hashes = new Map<string, Promise<string>>();

/** A file's identity on this machine: it changes when the file is written or replaced. */
export async function fileStamp(file: string): Promise<{ stamp: string; size: number }> {
  const facts = await stat(file, { bigint: true });
  return {
    stamp: [file, facts.dev, facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].join(':'),
    size: Number(facts.size),
  };
}

/** sha256 in hex, streamed; remembered in this process for as long as the file keeps its stamp. */
export async function fileHash(file: string): Promise<{ sha256: string; size: number; stamp: string }> {
  const { stamp, size } = await fileStamp(file);
  let hash = hashes.get(stamp);
  if (!hash) {
    hash = streamedHash(file);
    hashes.set(stamp, hash);
    hash.catch(() => hashes.delete(stamp));
    const oldest = hashes.size > REMEMBERED ? hashes.keys().next().value : undefined;
    if (oldest !== undefined) hashes.delete(oldest);
  }
  return { sha256: await hash, size, stamp };
}

async function streamedHash(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
