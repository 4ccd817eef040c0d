import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, opendir, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { type ArtifactFiles, ArtifactMismatch, isSha256 } from './files.js';

/**
 * Files of a folder, at `ab/abcdef...` by the sha256 of their content. A file is written under another
 * name, synced and renamed, so whatever stands under its own name is whole, also after a power cut.
 */
export class LocalArtifacts implements ArtifactFiles {
  readonly #folder: string;
  readonly #incoming: string;

  constructor(folder: string) {
    this.#folder = path.resolve(folder);
    this.#incoming = path.join(this.#folder, 'incoming');
  }

  async put(content: AsyncIterable<Uint8Array>, expectedSha256?: string): Promise<{ sha256: string; size: number }> {
    await mkdir(this.#incoming, { recursive: true });
    const temporary = path.join(this.#incoming, randomUUID());
    try {
      const { sha256, size } = await write(temporary, content);
      if (expectedSha256 !== undefined && expectedSha256 !== sha256) throw new ArtifactMismatch(expectedSha256, sha256);
      const file = this.#path(sha256);
      await mkdir(path.dirname(file), { recursive: true });
      // Also over a file of the same content: its age starts anew, which keeps it from being collected.
      await rename(temporary, file);
      await syncFolder(path.dirname(file));
      return { sha256, size };
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async open(sha256: string, range?: { start: number; end: number }) {
    if (!isSha256(sha256)) return null;
    // Open first: what is deleted from here on can still be read.
    const handle = await ifThere(() => open(this.#path(sha256)));
    if (handle === null) return null;
    const { size } = await handle.stat();
    return { stream: handle.createReadStream(range), size };
  }

  async onDisk<T>(sha256: string, use: (path: string) => Promise<T>): Promise<T | null> {
    return (await this.size(sha256)) === null ? null : use(this.#path(sha256));
  }

  async size(sha256: string): Promise<number | null> {
    if (!isSha256(sha256)) return null;
    return ifThere(async () => (await stat(this.#path(sha256))).size);
  }

  async delete(sha256: string, putBefore?: Date): Promise<boolean> {
    if (!isSha256(sha256)) return false;
    const file = this.#path(sha256);
    if (putBefore === undefined) return (await ifThere(() => unlink(file).then(() => true))) ?? false;
    if (!(await isOlder(file, putBefore))) return false;
    // It may be put again at this very moment: only what has been taken aside is sure to be what is judged.
    await mkdir(this.#incoming, { recursive: true });
    const aside = path.join(this.#incoming, randomUUID());
    if ((await ifThere(() => rename(file, aside).then(() => true))) === null) return false;
    const older = await isOlder(aside, putBefore);
    await (older ? unlink(aside) : rename(aside, file));
    return older;
  }

  async *list(): AsyncGenerator<{ sha256: string; size: number; modifiedAt: Date }> {
    const folder = await ifThere(() => opendir(this.#folder, { recursive: true }));
    if (folder === null) return;
    for await (const entry of folder) {
      if (!entry.isFile() || !isSha256(entry.name)) continue;
      const facts = await ifThere(() => stat(this.#path(entry.name)));
      if (facts !== null) yield { sha256: entry.name, size: facts.size, modifiedAt: facts.mtime };
    }
  }

  async *unfinished(): AsyncGenerator<{ name: string; size: number; modifiedAt: Date }> {
    for (const name of (await ifThere(() => readdir(this.#incoming))) ?? []) {
      const facts = await ifThere(() => stat(path.join(this.#incoming, name)));
      if (facts !== null) yield { name, size: facts.size, modifiedAt: facts.mtime };
    }
  }

  async removeUnfinished(name: string): Promise<boolean> {
    const file = path.join(this.#incoming, path.basename(name));
    return (await ifThere(() => unlink(file).then(() => true))) ?? false;
  }

  #path(sha256: string): string {
    return path.join(this.#folder, sha256.slice(0, 2), sha256);
  }
}

async function write(file: string, content: AsyncIterable<Uint8Array>): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  const handle = await open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
  try {
    for await (const chunk of content) {
      hash.update(chunk);
      await handle.writeFile(chunk);
      size += chunk.byteLength;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { sha256: hash.digest('hex'), size };
}

/** The rename itself is on disk only with its folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function isOlder(file: string, than: Date): Promise<boolean> {
  const facts = await ifThere(() => stat(file));
  return facts !== null && facts.mtime <= than;
}

async function ifThere<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
