import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine } from '@trawl/spec';
import type { z } from 'zod';
import type { Upload } from './transfer.js';

type Line = z.infer<typeof LogLine>;

/** The file is sent anew, whole, when it has grown. */
const LARGEST_BYTES = 8_000_000;

export interface AttemptLog {
  write(level: Line['level'], message: string): void;
  /** The file as it stands, as artifact `log-<fence>.jsonl`; null when nothing came since the last time. */
  changed(): Promise<Upload | null>;
}

/** What an attempt says, as JSON lines. */
export function attemptLog(
  { runId, fence }: { runId: string; fence: number },
  dir: string,
  largestBytes = LARGEST_BYTES,
): AttemptLog {
  const name = `log-${fence}.jsonl`;
  const path = join(dir, name);
  let size = 0;
  let taken = 0;
  let full = false;

  const append = (level: Line['level'], message: string): void => {
    const line = `${JSON.stringify({ time: new Date().toISOString(), fence, level, message } satisfies Line)}\n`;
    appendFileSync(path, line);
    size += Buffer.byteLength(line);
  };

  return {
    write(level, message) {
      if (full) return;
      append(level, message);
      if (size < largestBytes) return;
      full = true;
      append('warn', `this log has reached ${largestBytes} bytes: what follows is dropped`);
    },
    async changed() {
      if (size === taken) return null;
      const bytes = await readFile(path);
      taken = bytes.length;
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const mediaType = 'application/jsonl';
      return { runId, fence, name, kind: 'log', mediaType, content: { bytes }, sha256, size: bytes.length };
    },
  };
}
