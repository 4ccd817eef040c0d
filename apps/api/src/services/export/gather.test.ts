import { expect, it } from 'vitest';
import { gathered } from './gather.js';

it('sends the same bytes in larger pieces', async () => {
  const line = `${'é'.repeat(499)}\n`;
  async function* lines() {
    for (let i = 0; i < 200; i += 1) yield i % 2 === 0 ? line : Buffer.from(line);
  }
  const pieces: Buffer[] = [];
  for await (const piece of gathered(lines())) pieces.push(piece);
  expect(pieces.length).toBeLessThan(5);
  expect(Buffer.concat(pieces).toString()).toBe(line.repeat(200));
});
