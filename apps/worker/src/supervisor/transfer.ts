import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArtifactView } from '@trawl/spec';

export interface Upload {
  runId: string;
  fence: number;
  name: string;
  kind: ArtifactView['kind'];
  mediaType: string;
  content: { path: string } | { bytes: Uint8Array };
  sha256: string;
  size: number;
  epoch?: number;
  step?: number;
}

export interface Wanted {
  /** Path below the api's address. */
  url: string;
  sha256: string;
  /** Called with the size before anything is written; what it throws ends the download. */
  before?: (bytes: number) => Promise<void>;
}

/** The api will never take or give this, however often it is asked. */
export class TransferRefused extends Error {
  override name = 'TransferRefused';
}

/** What is stored is gone or not what was recorded: no other try will bring it. */
export class FileLost extends TransferRefused {
  override name = 'FileLost';
}

class ApiAway extends Error {
  override name = 'ApiAway';
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
/** A transfer slower than this is started anew: the connection is taken for dead. */
const SLOWEST_BYTES_PER_SECOND = 250_000;
const PATIENCE_MS = 30_000;

/** Where the api is, and the key that it asks for. */
export interface Api {
  url: string;
  key: string | undefined;
}

const authorization = ({ key }: Api): Record<string, string> =>
  key === undefined ? {} : { authorization: `Bearer ${key}` };

export interface Transfers {
  /** 'stale': the run belongs to another attempt now, or is gone. */
  upload(file: Upload, signal: AbortSignal): Promise<'stored' | 'stale'>;
  /** Writes `path` whole and with the right hash, or not at all. @throws FileLost */
  download(wanted: Wanted, path: string, signal: AbortSignal): Promise<void>;
}

/**
 * Files over HTTP, tried again with growing pauses while the api is away, until `signal` says stop (the promise
 * then rejects with its reason). Throws TransferRefused where another try would not help.
 */
export function openTransfers(api: Api, onRetry: (what: string, error: unknown) => void): Transfers {
  return {
    upload: (file, signal) =>
      insist(`upload of ${file.name}`, signal, onRetry, () => put(api, file, withPatience(signal, file.size))),
    download: (wanted, path, signal) =>
      insist(`download of ${wanted.url}`, signal, onRetry, () => get(api, wanted, path, signal)),
  };
}

async function insist<T>(
  what: string,
  signal: AbortSignal,
  onRetry: (what: string, error: unknown) => void,
  once: () => Promise<T>,
): Promise<T> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    try {
      return await once();
    } catch (error) {
      signal.throwIfAborted();
      if (!mayPass(error)) throw error;
      onRetry(what, error);
      await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

async function put(api: Api, file: Upload, signal: AbortSignal): Promise<'stored' | 'stale'> {
  const query = new URLSearchParams({ fence: String(file.fence), kind: file.kind });
  if (file.epoch !== undefined) query.set('epoch', String(file.epoch));
  if (file.step !== undefined) query.set('step', String(file.step));
  const url = `${api.url}/v1/runs/${file.runId}/artifacts/${encodeURIComponent(file.name)}?${query.toString()}`;
  const answer = await fetch(url, {
    method: 'PUT',
    headers: {
      ...authorization(api),
      'content-type': file.mediaType,
      'content-length': String(file.size),
      'x-sha256': file.sha256,
    },
    body: 'bytes' in file.content ? file.content.bytes : Readable.toWeb(createReadStream(file.content.path)),
    duplex: 'half',
    signal,
  });
  const text = await answer.text();
  if (answer.ok) return 'stored';
  if (answer.status === 409 || answer.status === 404) return 'stale';
  throw refusal(`PUT ${file.name}`, answer.status, text);
}

async function get(api: Api, { url, sha256, before }: Wanted, path: string, signal: AbortSignal): Promise<void> {
  const answer = await fetch(`${api.url}${url}`, { headers: authorization(api), signal });
  if (!answer.ok || answer.body === null) throw refusal(`GET ${url}`, answer.status, await answer.text());
  try {
    await before?.(Number(answer.headers.get('content-length') ?? 0));
  } catch (error) {
    await answer.body.cancel();
    throw error;
  }
  const hash = createHash('sha256');
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const partial = `${path}.partial`;
  await pipeline(Readable.fromWeb(answer.body), hashed, createWriteStream(partial, { flush: true }), {
    signal,
  });
  const found = hash.digest('hex');
  if (found !== sha256) throw new FileLost(`GET ${url}: its sha256 is ${found}, not ${sha256}`);
  await rename(partial, path);
}

function refusal(what: string, status: number, body: string): Error {
  const message = `${what}: the api answered ${status}: ${body.slice(0, 500)}`;
  // A key that is refused can be put right, and what a run has trained for hours waits for that.
  const worthAnotherTry = status >= 500 || [401, 403, 408, 425, 429].includes(status);
  if (worthAnotherTry) return new ApiAway(message);
  return status === 410 ? new FileLost(message) : new TransferRefused(message);
}

/** Whether an error is of the network or the api's, and not of the file here or of this code. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof ApiAway || error.name === 'TimeoutError') return true;
  // fetch wraps what happened to the connection (or to the file that it reads from).
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = 'code' in cause ? String(cause.code) : '';
  return /^(UND_ERR_|ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_|ERR_STREAM_PREMATURE_CLOSE)/.test(code);
}

function withPatience(signal: AbortSignal, bytes: number): AbortSignal {
  return AbortSignal.any([
    signal,
    AbortSignal.timeout(PATIENCE_MS + Math.ceil((bytes / SLOWEST_BYTES_PER_SECOND) * 1000)),
  ]);
}
