import { createHash } from 'node:crypto';
import { createReadStream, openAsBlob } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { open, rename, rm, stat } from 'node:fs/promises';
import { ArtifactView, DatasetDetail, type DatasetView } from '@trawl/spec';
import { unreachable } from './errors.js';
import { createHttp, type Call, type ClientOptions, type Http } from './http.js';

interface Sending {
  path: string;
  /** Told of the bytes that are on their way; back to the first where the call is repeated. */
  onSent?: ((bytes: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A file to store. */
export interface Upload extends Sending {
  name: string;
  kind: ArtifactView['kind'];
  mediaType: string;
  /** Hex; computed from the file where it is not known yet. */
  sha256?: string | undefined;
}

/** A file of a run's attempt. */
export interface RunUpload extends Upload {
  runId: string;
  /** Of the claim under which the file was made: the service refuses a stale one with 409. */
  fence: number;
  epoch?: number | undefined;
  step?: number | undefined;
}

export interface DatasetUpload extends Sending {
  /** To tell it from others. */
  name?: string | undefined;
}

/** Files to and from the service. Node only. */
export function createFileClient(options: ClientOptions) {
  const http = createHttp(options);
  return {
    uploadOfRun(upload: RunUpload): Promise<ArtifactView> {
      const { runId, fence, name, kind, epoch, step } = upload;
      return send(http, upload, {
        method: 'PUT',
        path: ['v1', 'runs', runId, 'artifacts', name],
        query: { fence, kind, epoch, step },
      });
    },
    /** A file of no run, as weights to start from. Not repeated by itself: each call makes an artifact. */
    upload: (upload: Upload): Promise<ArtifactView> =>
      send(http, upload, {
        method: 'POST',
        path: ['v1', 'artifacts'],
        query: { name: upload.name, kind: upload.kind },
      }),
    /** A file of data. What is there already is the same dataset: it may be repeated. */
    uploadDataset: async (upload: DatasetUpload): Promise<DatasetDetail> =>
      http.json(DatasetDetail, {
        method: 'POST',
        path: ['v1', 'datasets'],
        query: { name: upload.name },
        ...(await contentOf(upload, 'application/octet-stream', await sha256Of(upload.path))),
        repeatable: true,
      }),
    /** As `download`, of a dataset that was uploaded or lies below a data root of the service. */
    downloadDataset: (
      { id, sha256, size }: Pick<DatasetView, 'id' | 'sha256' | 'size'>,
      path: string,
      signal?: AbortSignal,
    ): Promise<void> => fetchFile(http, { id, sha256, size, at: ['v1', 'datasets', id, 'content'] }, path, signal),
    /**
     * Downloads to `path`, which appears when all is there and its sha256 is right. What an earlier call
     * left at `<path>.<id>.part` is not loaded again.
     */
    download: (
      { id, sha256, size }: Pick<ArtifactView, 'id' | 'sha256' | 'size'>,
      path: string,
      signal?: AbortSignal,
    ): Promise<void> => fetchFile(http, { id, sha256, size, at: ['v1', 'artifacts', id] }, path, signal),
  };
}

export type FileClient = ReturnType<typeof createFileClient>;

async function send(http: Http, upload: Upload, call: Call): Promise<ArtifactView> {
  const sha256 = upload.sha256 ?? (await sha256Of(upload.path));
  return http.json(ArtifactView, { ...call, ...(await contentOf(upload, upload.mediaType, sha256)) });
}

type Content = Required<Pick<Call, 'headers' | 'body' | 'patient'>> & Pick<Call, 'signal'>;

async function contentOf({ path, onSent, signal }: Sending, mediaType: string, sha256: string): Promise<Content> {
  const file = await openAsBlob(path);
  const { size } = file;
  return {
    headers: { 'content-type': mediaType, 'content-length': String(size), 'x-sha256': sha256 },
    // Read from the disk as it is sent, once more for each attempt.
    body: () => counted(file, (bytes) => onSent?.(bytes, size)),
    patient: true,
    signal,
  };
}

function counted(file: Blob, onRead: (bytes: number) => void): ReadableStream<Uint8Array> {
  let read = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    start: () => onRead(0),
    transform(chunk, out) {
      read += chunk.length;
      onRead(read);
      out.enqueue(chunk);
    },
  });
  return file.stream().pipeThrough(counter);
}

interface Remote {
  id: string;
  sha256: string;
  size: number;
  at: readonly string[];
}

async function fetchFile(http: Http, remote: Remote, path: string, signal: AbortSignal | undefined): Promise<void> {
  const { id, size, sha256: expected } = remote;
  const part = `${path}.${id}.part`;
  if ((await sizeOf(part)) > size) await rm(part);
  if ((await sizeOf(part)) < size || size === 0) await fetchRest(http, remote, part, signal);
  const sha256 = await sha256Of(part);
  if (sha256 !== expected) {
    await rm(part);
    throw new Error(`${id} arrived damaged: sha256 ${sha256}, expected ${expected}`);
  }
  await rename(part, path);
}

async function fetchRest(
  http: Http,
  { at, sha256 }: Remote,
  part: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const call = async (): Promise<Call> => {
    const have = await sizeOf(part);
    const range = { range: `bytes=${have}-`, 'if-range': `"${sha256}"` };
    return {
      method: 'GET',
      path: at,
      headers: { accept: '*/*', 'accept-encoding': 'identity', ...(have > 0 && range) },
      signal,
    };
  };
  await http.send(call, (answer) => append(answer, part));
}

/** 206 is the rest of the file, 200 all of it. */
async function append(answer: Response, part: string): Promise<void> {
  const file = await open(part, answer.status === 206 ? 'a' : 'w');
  try {
    for await (const chunk of chunksOf(answer)) await file.write(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Chunks of the body; only reading them can fail here, so a full disk is not taken for a lost connection. */
async function* chunksOf(answer: Response): AsyncGenerator<Uint8Array> {
  if (answer.body === null) return;
  const reader = answer.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw unreachable(error);
    });
    if (done) return;
    yield value;
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

/** Hex. */
async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
