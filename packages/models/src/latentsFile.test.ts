import { expect, test } from 'vitest';
import { readLatents } from './latentsFile.js';
import { npz } from './npz.js';

/** Three latents; latent l of frame i is 10 i + l. */
const rows = (from: number, count: number) => ({
  shape: [count, 3],
  data: Float32Array.from({ length: 3 * count }, (_, i) => 10 * (from + Math.floor(i / 3)) + (i % 3)),
});
const file = npz({
  trial_0001: rows(4, 6),
  trial_0000: rows(0, 4),
  train: { shape: [1], data: Int32Array.of(0) },
});

test('the last latents of all trials, in order', () => {
  const [first, second] = readLatents(file, 2, 1_000);
  expect([...first!]).toEqual([1, 11, 21, 31, 41, 51, 61, 71, 81, 91]);
  expect([...second!]).toEqual([2, 12, 22, 32, 42, 52, 62, 72, 82, 92]);
});

test('of more frames than asked for, frames at equal distances', () => {
  expect([...readLatents(file, 1, 4)[0]!]).toEqual([2, 22, 52, 72]);
});

test('what is no table is refused by name', () => {
  const flat = npz({ trial_0000: { shape: [3], data: Float32Array.of(1, 2, 3) } });
  expect(() => readLatents(flat, 1, 4)).toThrow('trial_0000.npy is no table of float32');
});
