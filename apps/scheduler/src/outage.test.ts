import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createGuard } from './outage.js';

const broken = () => Promise.reject(new Error('refused'));

it('logs an outage once and its end once, and rethrows every time', async () => {
  const lines: string[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(line) });
  let failures = 0;
  const guard = createGuard(log, 'Postgres', () => failures++);
  await guard(async () => {});
  await expect(guard(broken)).rejects.toThrow('refused');
  await expect(guard(broken)).rejects.toThrow('refused');
  await guard(async () => {});
  await guard(async () => {});
  await expect(guard(broken)).rejects.toThrow('refused');
  expect(lines.map((line) => /"msg":"([^"]*)"/.exec(line)?.[1])).toEqual([
    'Postgres failed; trying until it answers',
    'Postgres answers again',
    'Postgres failed; trying until it answers',
  ]);
  expect(failures).toBe(3);
});
