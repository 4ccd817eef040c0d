import { createHash } from 'node:crypto';

/** sha256 over the names and the content of files, in the order in which they come. */
export class Content {
  readonly #hash = createHash('sha256');
  bytes = 0;

  add(name: string, bytes: Uint8Array): void {
    this.addHashed(name, createHash('sha256').update(bytes).digest('hex'), bytes.length);
  }

  addHashed(name: string, sha256: string, size: number): void {
    this.#hash.update(JSON.stringify([name, sha256]));
    this.bytes += size;
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}
