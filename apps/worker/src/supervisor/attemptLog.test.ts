import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openAttemptLog } from './attemptLog.js';
import type { Upload } from './transfer.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trawl-log-'));
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(dir, { recursive: true });
});

const textOf = ({ content }: Upload): string => ('bytes' in content ? Buffer.from(content.bytes).toString() : '');

function open(upload: (file: Upload, signal: AbortSignal) => Promise<void>, largestBytes?: number) {
  const { signal } = new AbortController();
  const run = { runId: 'r', fence: 7 };
  return openAttemptLog({
    run,
    dir,
    signal,
    onError: () => {},
    upload,
    ...(largestBytes !== undefined && { largestBytes }),
  });
}

it('uploads every 10 s what is new, and the rest at the end', async () => {
  const uploads: Upload[] = [];
  const log = open(async (file) => void uploads.push(file));
  vi.advanceTimersByTime(10_000);
  await sleep(10);
  expect(uploads).toHaveLength(0);
  log.write('info', 'one');
  vi.advanceTimersByTime(10_000);
  await vi.waitFor(() => expect(uploads).toHaveLength(1));
  vi.advanceTimersByTime(10_000);
  await sleep(10);
  expect(uploads).toHaveLength(1);
  log.write('error', 'two');
  await log.finish();
  expect(uploads).toHaveLength(2);
  expect(uploads[1]).toMatchObject({ name: 'log-7.jsonl', kind: 'log', fence: 7 });
  const lines = textOf(uploads[1]!).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { fence: 7, level: 'info', message: 'one' },
    { fence: 7, level: 'error', message: 'two' },
  ]);
});

it('gives up an upload that is under way before the last one, which has it all', async () => {
  const uploads: string[] = [];
  const log = open(async (file, signal) => {
    const last = textOf(file).includes('two');
    if (!last) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    uploads.push(textOf(file));
  });
  log.write('info', 'one');
  vi.advanceTimersByTime(10_000);
  await sleep(10);
  log.write('info', 'two');
  await log.finish();
  expect(uploads).toHaveLength(1);
  expect(uploads[0]).toContain('one');
});

it('has a bound', async () => {
  const uploads: Upload[] = [];
  const log = open(async (file) => void uploads.push(file), 1_000);
  for (let i = 0; i < 100; i++) log.write('info', `line ${i}`);
  await log.finish();
  expect(uploads[0]?.size).toBeLessThan(1_400);
  expect(textOf(uploads[0]!)).toContain('what follows is dropped');
});
