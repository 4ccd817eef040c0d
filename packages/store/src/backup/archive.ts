import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Header } from 'tar';

/*
 * A tar archive, written as a stream and read in order. Only plain files with short names: the header is the whole
 * format, and everybody's tar reads it.
 */

const BLOCK = 512;
const CHUNK = 1 << 20;
const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

export class BackupError extends Error {
  readonly code = 'backup';
}

export interface ArchiveWriter {
  /** `size` is what the content must come to. */
  add(name: string, size: number, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** Writes the end and brings all of it to the disk. */
  finish(): Promise<void>;
}

export function writeArchive(file: FileHandle): ArchiveWriter {
  return {
    async add(name, size, content) {
      const header = new Header({ path: name, size, mode: 0o600, type: 'File', mtime: new Date() });
      header.encode();
      if (header.block === undefined || header.needPax) throw new Error(`${name} does not fit into a tar header`);
      await file.writeFile(header.block);
      let written = 0;
      for await (const chunk of content) {
        written += chunk.byteLength;
        if (written > size) break;
        await file.writeFile(chunk);
      }
      if (written !== size) throw new BackupError(`${name} changed while it was read: it had ${size} bytes`);
      await file.writeFile(Buffer.alloc(padded(size) - size));
    },
    async finish() {
      await file.writeFile(Buffer.alloc(2 * BLOCK));
      await file.sync();
    },
  };
}

export interface ArchiveEntry {
  name: string;
  size: number;
  content(): Readable;
}

/** @throws BackupError where the archive is damaged or ends too early. */
export async function* readArchive(path: string): AsyncGenerator<ArchiveEntry> {
  const file = await open(path);
  try {
    const { size: length } = await file.stat();
    const block = Buffer.alloc(BLOCK);
    for (let at = 0; ;) {
      const { bytesRead } = await file.read(block, 0, BLOCK, at);
      if (bytesRead < BLOCK) throw new BackupError(`${path} ends in the middle`);
      const header = new Header(block, 0);
      if (header.nullBlock) return;
      const { path: name, size } = header;
      if (!header.cksumValid || name === undefined || size === undefined) {
        throw new BackupError(`${path} is no backup of trawl, or damaged at byte ${at}`);
      }
      const start = at + BLOCK;
      if (start + size > length) throw new BackupError(`${path} ends in the middle`);
      yield {
        name,
        size,
        content: () => Readable.from(bytesOf(file, start, size)),
      };
      at = start + padded(size);
    }
  } finally {
    await file.close();
  }
}

/** Not the handle's own streams: each leaves a listener on it. */
async function* bytesOf(file: FileHandle, start: number, size: number): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < size;) {
    const { bytesRead, buffer } = await file.read({
      buffer: Buffer.alloc(Math.min(CHUNK, size - done)),
      position: start + done,
    });
    if (bytesRead === 0) throw new BackupError('the archive became shorter while it was read');
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
