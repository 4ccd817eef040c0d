import { zipSync } from 'fflate';

/** A C-order array of numpy's `<f4` or `<i4`. */
export interface NpyArray {
  shape: readonly number[];
  data: Float32Array | Int32Array;
}

/** NumPy's .npy format, version 1.0: magic, header padded so that data start at a multiple of 64 bytes, data. */
function npy({ shape, data }: NpyArray): Uint8Array {
  const type = data instanceof Float32Array ? '<f4' : '<i4';
  const size = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dictionary = `{'descr': '${type}', 'fortran_order': False, 'shape': (${size}), }`;
  const headerLength = Math.ceil((10 + dictionary.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + headerLength, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(headerLength, 8);
  header.write(`${dictionary.padEnd(headerLength - 1)}\n`, 10, 'latin1');
  return Buffer.concat([header, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}

/** What `numpy.load` opens, by array name. The same arrays give the same bytes. */
export function npz(arrays: Readonly<Record<string, NpyArray>>): Uint8Array {
  const files = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${name}.npy`, npy(array)]));
  // Stored, not deflated: latents hardly shrink. The date is the earliest that zip can hold.
  return zipSync(files, { level: 0, mtime: '1980-01-01T12:00:00' });
}
