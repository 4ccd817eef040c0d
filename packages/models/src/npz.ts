import { zipSync } from 'fflate';

/** A C-order array of numpy's `<f4`, `<i4` or `|u1`. */
export interface NpyArray {
  shape: readonly number[];
  data: Float32Array | Int32Array | Uint8Array;
}

function typeOf(data: NpyArray['data']): string {
  if (data instanceof Float32Array) return '<f4';
  return data instanceof Int32Array ? '<i4' : '|u1';
}

/** NumPy's .npy format, version 1.0: magic, header padded so that data start at a multiple of 64 bytes, data. */
function npy({ shape, data }: NpyArray): Uint8Array {
  const size = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dictionary = `{'descr': '${typeOf(data)}', 'fortran_order': False, 'shape': (${size}), }`;
  const headerLength = Math.ceil((10 + dictionary.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + headerLength, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(headerLength, 8);
  header.write(`${dictionary.padEnd(headerLength - 1)}\n`, 10, 'latin1');
  return Buffer.concat([header, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}

/**
 * What `numpy.load` opens, by array name; `texts` are further files of the zip, which it gives as bytes. The same arrays
 * give the same bytes.
 */
export function npz(
  arrays: Readonly<Record<string, NpyArray>>,
  { texts = {}, compress = false }: { texts?: Readonly<Record<string, string>>; compress?: boolean } = {},
): Uint8Array {
  const files: Record<string, Uint8Array> = {};
  for (const [name, array] of Object.entries(arrays)) files[`${name}.npy`] = npy(array);
  for (const [name, text] of Object.entries(texts)) files[name] = Buffer.from(text);
  // Latents hardly shrink, frames do. The date is the earliest that zip can hold.
  return zipSync(files, { level: compress ? 6 : 0, mtime: '1980-01-01T12:00:00' });
}
