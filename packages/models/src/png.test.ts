import { unzlibSync } from 'fflate';
import { expect, test } from 'vitest';
import { png } from './png.js';

test('a PNG holds its size, its lines and right checksums', () => {
  const pixels = Uint8Array.from({ length: 2 * 3 * 3 }, (_, i) => 10 * i);
  const file = Buffer.from(png(pixels, 2, 3));
  expect(file.subarray(1, 4).toString()).toBe('PNG');
  expect([file.readUInt32BE(16), file.readUInt32BE(20)]).toEqual([3, 2]);
  const length = file.readUInt32BE(33);
  const lines = unzlibSync(file.subarray(41, 41 + length));
  expect([...lines]).toEqual([0, ...pixels.subarray(0, 9), 0, ...pixels.subarray(9)]);
  // The checksum of an empty IEND is known.
  expect(file.subarray(-4).toString('hex')).toBe('ae426082');
});
