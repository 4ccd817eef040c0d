import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine } from '@trawl/spec';
import type { z } from 'zod';
import type { Upload } from './transfer.js';

type Line = z.infer<typeof LogLine>;

const UPLOAD_MS = 10_000;
/** The end of a log may be lost, a result may not: how long the log is tried at the end. */
const LAST_UPLOAD_MS = 15_000;
/** The file is sent anew, whole, when it has grown. */
const LARGEST_BYTES = 8_000_000;

export interface AttemptLog {
  write(level: Line['level'], message: string): void;
  /** Uploads what is new for the last time. Rejects when that does not succeed. */
  finish(): Promise<void>;
}

/** What an attempt says: JSON lines in a file, uploaded as artifact `log-<fence>.jsonl` every 10 s when it has grown. */
export function openAttemptLog(options: {
  run: { runId: string; fence: number };
  dir: string;
  upload: (file: Upload, signal: AbortSignal) => Promise<void>;
  /** Aborted when uploads should be given up. */
  signal: AbortSignal;
  onError(error: unknown): void;
  largestBytes?: number;
}): AttemptLog {
  const { dir, upload, signal, largestBytes = LARGEST_BYTES } = options;
  const { runId, fence } = options.run;
  const name = `log-${fence}.jsonl`;
  const path = join(dir, name);
  let size = 0;
  let uploaded = 0;
  let full = false;

  const append = (level: Line['level'], message: string): void => {
    const line = `${JSON.stringify({ time: new Date().toISOString(), fence, level, message } satisfies Line)}\n`;
    appendFileSync(path, line);
    size += Buffer.byteLength(line);
  };

  const send = async (until: AbortSignal): Promise<void> => {
    if (size === uploaded) return;
    const bytes = await readFile(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const about = { runId, fence, name, kind: 'log', mediaType: 'application/jsonl' } as const;
    await upload({ ...about, content: { bytes }, sha256, size: bytes.length }, until);
    uploaded = bytes.length;
  };

  // One at a time, so that an older state never comes after a newer one.
  const periodic = new AbortController();
  let sending: Promise<void> | null = null;
  const timer = setInterval(() => {
    sending ??= send(AbortSignal.any([signal, periodic.signal]))
      .catch((error: unknown) => {
        if (!periodic.signal.aborted) options.onError(error);
      })
      .finally(() => (sending = null));
  }, UPLOAD_MS);

  return {
    write(level, message) {
      if (full) return;
      append(level, message);
      if (size < largestBytes) return;
      full = true;
      append('warn', `this log has reached ${largestBytes} bytes: what follows is dropped`);
    },
    async finish() {
      clearInterval(timer);
      periodic.abort(new Error('the last upload comes'));
      await sending;
      await send(AbortSignal.any([signal, AbortSignal.timeout(LAST_UPLOAD_MS)]));
    },
  };
}
