import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { readOutput } from './output.js';

it('gives whole lines, cut to a bearable length, and the last one without newline', async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  readOutput(stream, (line) => lines.push(line));
  stream.write('one\ntw');
  stream.write(`o\n\n${'x'.repeat(10_000)}\nend`);
  stream.end();
  await sleep(10);
  expect(lines).toEqual(['one', 'two', 'x'.repeat(2_000), 'end']);
});

it('keeps the end of endless output without newline, and slows the writer', async () => {
  const flood = spawn(process.execPath, ['-e', "for (;;) require('fs').writeSync(1, 'y'.repeat(65536))"], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines: string[] = [];
  let bytes = 0;
  flood.stdout.on('data', (chunk: string) => (bytes += chunk.length));
  const output = readOutput(flood.stdout, (line) => lines.push(line));
  await sleep(1_500);
  flood.kill('SIGKILL');
  expect(output.tail()).toBe('y'.repeat(8_000));
  expect(lines).toEqual([]);
  expect(bytes).toBeLessThan(20_000_000);
});

it('stops handing on lines when there are too many', async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  readOutput(stream, (line) => lines.push(line));
  stream.end('a\n'.repeat(5_000));
  await sleep(20);
  expect(lines).toHaveLength(2_000);
  expect(lines.at(-1)).toContain('dropped');
});
