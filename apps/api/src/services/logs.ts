import { createInterface } from 'node:readline';
import { LogLine } from '@trawl/spec';
import type { z } from 'zod';
import type { Services } from './services.js';

type Line = z.infer<typeof LogLine>;

/** Keep at most so many times the lines asked for before older ones are let go: memory stays bounded. */
const SLACK = 2;

/** The last `tail` log lines of a run, oldest first. Each attempt leaves one artifact of kind `log`: JSON lines. */
export async function readLogs(runId: string, tail: number, { store, files }: Services): Promise<Line[]> {
  const logs = (await store.artifacts.of(runId)).filter((artifact) => artifact.kind === 'log');
  logs.sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  let lines: Line[] = [];
  for (const { sha256 } of logs) {
    const file = await files.open(sha256);
    // Replaced by a newer upload of the same log since it was listed.
    if (file === null) continue;
    for await (const text of createInterface({ input: file.stream, crlfDelay: Infinity })) {
      const line = parseLine(text);
      if (line) lines.push(line);
      if (lines.length > SLACK * tail) lines = lines.slice(-tail);
    }
  }
  return lines.slice(-tail);
}

/** null for what is no log line, as the half line at the end of a file whose writer died. */
function parseLine(text: string): Line | null {
  try {
    const parsed = LogLine.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
