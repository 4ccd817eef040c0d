import { unzipSync } from 'fflate';
import { expect, test } from 'vitest';
import { npz } from './npz.js';

test('arrays are stored in NumPy format 1.0', () => {
  const files = unzipSync(
    npz({
      latents: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      train: { shape: [1], data: Int32Array.of(7) },
    }),
  );
  expect(Object.keys(files)).toEqual(['latents.npy', 'train.npy']);
  const bytes = Buffer.from(files['latents.npy']!);
  const headerLength = bytes.readUInt16LE(8);
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x93NUMPY\x01\x00');
  expect((10 + headerLength) % 64).toBe(0);
  const header = bytes.subarray(10, 10 + headerLength).toString('latin1');
  expect(header).toMatch(/^\{'descr': '<f4', 'fortran_order': False, 'shape': \(2, 3\), \} *\n$/);
  expect(bytes.readFloatLE(10 + headerLength + 5 * 4)).toBe(6);
  expect(bytes.length).toBe(10 + headerLength + 24);
  expect(Buffer.from(files['train.npy']!).toString('latin1')).toMatch("'<i4', 'fortran_order': False, 'shape': (1,)");
});

test('the same arrays give the same bytes', () => {
  const arrays = { a: { shape: [1], data: Float32Array.of(1) } };
  expect(npz(arrays)).toEqual(npz(arrays));
});
