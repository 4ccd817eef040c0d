import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  NoSuchKey,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { v7 as uuidv7 } from 'uuid';
import { type ArtifactFiles, ArtifactMismatch, isSha256 } from './files.js';

interface Kept {
  key: string;
  size: number;
  modifiedAt: Date;
}

/** A reader may find that the copy it was told of has just been replaced by a newer one. */
const TRIES = 3;

/**
 * Files of a bucket, at `prefix/ab/abcdef....UUID` by the sha256 of their content. Every put makes an object of its own
 * and then removes the older ones of the same content: a file that is put again while it is deleted for its age is
 * never lost, for which S3 has no other means (it cannot compare the age and delete in one step).
 */
export class S3Artifacts implements ArtifactFiles {
  readonly #s3: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  /** @param url s3://bucket or s3://bucket/prefix. Region, credentials and endpoint are the AWS SDK's own settings. */
  constructor(url: string, config: S3ClientConfig = {}) {
    const { protocol, hostname, pathname } = new URL(url);
    if (protocol !== 's3:' || hostname === '') throw new Error(`${url} is not s3://BUCKET or s3://BUCKET/PREFIX`);
    const folder = pathname.replaceAll(/^\/+|\/+$/g, '');
    this.#bucket = hostname;
    this.#prefix = folder === '' ? '' : `${folder}/`;
    this.#s3 = new S3Client({
      // Others than AWS refuse checksums that they do not know; what is stored is checked by its sha256 anyway.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...config,
    });
  }

  /** @throws Error that says what to set when the bucket cannot be reached. */
  async check(): Promise<void> {
    try {
      await this.#s3.send(new HeadBucketCommand({ Bucket: this.#bucket }));
    } catch (error) {
      const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      throw new Error(
        `the bucket ${this.#bucket} of artifacts cannot be used (${why}); check that it exists, and AWS_REGION, AWS_ENDPOINT_URL_S3 and the credentials`,
        { cause: error },
      );
    }
  }

  async put(content: AsyncIterable<Uint8Array>, expectedSha256?: string): Promise<{ sha256: string; size: number }> {
    // Its name is known only at its end, and a part that fails is sent again: both need the file at hand.
    return withScratch(async (file) => {
      const { sha256, size } = await spool(content, file);
      if (expectedSha256 !== undefined && expectedSha256 !== sha256) throw new ArtifactMismatch(expectedSha256, sha256);
      const key = `${this.#name(sha256)}${uuidv7()}`;
      await new Upload({
        client: this.#s3,
        params: { Bucket: this.#bucket, Key: key, Body: createReadStream(file), ContentLength: size },
      }).done();
      await this.#removeOlder(sha256, key);
      return { sha256, size };
    });
  }

  async open(sha256: string, range?: { start: number; end: number }) {
    for (let left = TRIES; left > 0; left--) {
      const newest = (await this.#copies(sha256)).at(-1);
      if (newest === undefined) return null;
      const Range = range === undefined ? undefined : `bytes=${range.start}-${range.end}`;
      try {
        const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: newest.key, Range }));
        if (!(Body instanceof Readable)) throw new Error(`no content for ${newest.key}`);
        return { stream: Body, size: newest.size };
      } catch (error) {
        if (!(error instanceof NoSuchKey)) throw error;
      }
    }
    return null;
  }

  async onDisk<T>(sha256: string, use: (path: string) => Promise<T>): Promise<T | null> {
    const there = await this.open(sha256);
    if (there === null) return null;
    return withScratch(async (file) => {
      await pipeline(there.stream, createWriteStream(file));
      return use(file);
    });
  }

  async size(sha256: string): Promise<number | null> {
    return (await this.#copies(sha256)).at(-1)?.size ?? null;
  }

  async delete(sha256: string, putBefore?: Date): Promise<boolean> {
    const copies = await this.#copies(sha256);
    const old = copies.filter(({ modifiedAt }) => putBefore === undefined || modifiedAt <= putBefore);
    await Promise.all(old.map(({ key }) => this.#remove(key)));
    return old.length > 0 && old.length === copies.length;
  }

  async *list(): AsyncGenerator<{ sha256: string; size: number; modifiedAt: Date }> {
    let last: { sha256: string; size: number; modifiedAt: Date } | undefined;
    for await (const { key, size, modifiedAt } of this.#objects(this.#prefix)) {
      const sha256 = path.posix.basename(key).slice(0, 64);
      if (!isSha256(sha256)) continue;
      if (last !== undefined && last.sha256 !== sha256) yield last;
      const newer = last?.sha256 !== sha256 || modifiedAt > last.modifiedAt;
      if (newer) last = { sha256, size, modifiedAt };
    }
    if (last !== undefined) yield last;
  }

  async *unfinished(): AsyncGenerator<{ name: string; size: number; modifiedAt: Date }> {
    let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
    while (after !== undefined) {
      const page = await this.#uploads(after);
      for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
        if (Key !== undefined && UploadId !== undefined)
          yield { name: `${Key} ${UploadId}`, size: 0, modifiedAt: Initiated ?? new Date() };
      after = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
    }
  }

  async removeUnfinished(name: string): Promise<boolean> {
    const [Key = '', UploadId = ''] = name.split(' ');
    try {
      await this.#s3.send(new AbortMultipartUploadCommand({ Bucket: this.#bucket, Key, UploadId }));
      return true;
    } catch (error) {
      if (error instanceof S3ServiceException && error.name === 'NoSuchUpload') return false;
      throw error;
    }
  }

  close(): void {
    this.#s3.destroy();
  }

  #name(sha256: string): string {
    return `${this.#prefix}${sha256.slice(0, 2)}/${sha256}.`;
  }

  /** Oldest first; of the same second by name, so that everybody sees the same order. */
  async #copies(sha256: string): Promise<Kept[]> {
    if (!isSha256(sha256)) return [];
    const copies: Kept[] = [];
    for await (const object of this.#objects(this.#name(sha256))) copies.push(object);
    return copies.sort((a, b) => a.modifiedAt.getTime() - b.modifiedAt.getTime() || (a.key < b.key ? -1 : 1));
  }

  /** Only those before `key` in the common order: whatever meets, the last of all stays. */
  async #removeOlder(sha256: string, key: string): Promise<void> {
    const copies = await this.#copies(sha256);
    const mine = copies.findIndex((copy) => copy.key === key);
    await Promise.all(copies.slice(0, Math.max(mine, 0)).map((copy) => this.#remove(copy.key)));
  }

  /** None where the service cannot list them: it then ends them by a rule of its own. */
  async #uploads(
    after: Partial<ListMultipartUploadsCommandInput>,
  ): Promise<Partial<ListMultipartUploadsCommandOutput>> {
    try {
      const where = { Bucket: this.#bucket, Prefix: this.#prefix, ...after };
      return await this.#s3.send(new ListMultipartUploadsCommand(where));
    } catch (error) {
      if (error instanceof S3ServiceException && error.name === 'NotImplemented') return {};
      throw error;
    }
  }

  async #remove(Key: string): Promise<void> {
    await this.#s3.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key }));
  }

  async *#objects(Prefix: string): AsyncGenerator<Kept> {
    for await (const { Contents = [] } of paginateListObjectsV2({ client: this.#s3 }, { Bucket: this.#bucket, Prefix }))
      for (const { Key, Size = 0, LastModified } of Contents)
        if (Key !== undefined && LastModified !== undefined) yield { key: Key, size: Size, modifiedAt: LastModified };
  }
}

/** The path of a file that may be made, and is removed in the end. */
async function withScratch<T>(use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'trawl-artifact-'));
  try {
    return await use(path.join(folder, 'content'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function spool(content: AsyncIterable<Uint8Array>, file: string): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  await pipeline(
    content,
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        size += chunk.byteLength;
        yield chunk;
      }
    },
    createWriteStream(file),
  );
  return { sha256: hash.digest('hex'), size };
}
