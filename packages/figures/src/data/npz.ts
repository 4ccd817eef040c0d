import { strFromU8, unzipSync } from 'fflate';

/** C order. */
export interface NdArray {
  shape: number[];
  data: Float32Array | Int32Array | Uint8Array;
}

export interface Npz {
  arrays: ReadonlyMap<string, NdArray>;
  /** Files that are no arrays, as text by name. */
  texts: ReadonlyMap<string, string>;
}

const KINDS = {
  '<f4': Float32Array,
  '<i4': Int32Array,
  '|u1': Uint8Array,
} as const;

/**
 * Reads numpy's zip of arrays: f4, i4 and u1 in C order, as our trainers write it. `wanted` takes the name of a file in it.
 * @throws Error where it is none
 */
export function readNpz(bytes: Uint8Array, wanted: (name: string) => boolean = () => true): Npz {
  const arrays = new Map<string, NdArray>();
  const texts = new Map<string, string>();
  for (const [name, content] of Object.entries(unzipSync(bytes, { filter: (file) => wanted(file.name) }))) {
    if (name.endsWith('.npy')) arrays.set(name.slice(0, -4), readNpy(name, content));
    else texts.set(name, strFromU8(content));
  }
  return { arrays, texts };
}

function readNpy(name: string, bytes: Uint8Array): NdArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = (bytes[6] ?? 0) >= 2;
  const start = (long ? 12 : 10) + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = strFromU8(bytes.subarray(long ? 12 : 10, start), true);
  const type = /'descr': *'([^']+)'/.exec(header)?.[1] ?? '';
  const shape = /'shape': *\(([^)]*)\)/
    .exec(header)?.[1]
    ?.split(',')
    .flatMap((n) => (n.trim() === '' ? [] : [Number(n)]));
  const kind = Object.entries(KINDS).find(([descr]) => descr === type)?.[1];
  if (kind === undefined || shape === undefined || /'fortran_order': *True/.test(header)) {
    throw new Error(`${name} is no C-order array of f4, i4 or u1: ${header.trim()}`);
  }
  const length = shape.reduce((a, b) => a * b, 1);
  const data = bytes.slice(start, start + length * kind.BYTES_PER_ELEMENT);
  if (data.byteLength !== length * kind.BYTES_PER_ELEMENT) throw new Error(`${name} is cut off`);
  return { shape, data: new kind(data.buffer, data.byteOffset, length) };
}
