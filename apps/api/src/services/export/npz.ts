import { inflateRawSync } from 'node:zlib';

/** A float32 or integer array, C order. */
export interface NpyArray {
  shape: number[];
  values: number[];
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const STORED = 0;

/**
 * The arrays of an .npz file by name, of the types that trainers write (float32, int32, uint8).
 * @throws Error where it is none; source: PKWARE APPNOTE 4.3, numpy.lib.format
 */
export function readNpz(file: Buffer): Map<string, NpyArray> {
  const end = file.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || file.readUInt32LE(end) !== END_OF_DIRECTORY) throw new Error('no zip file');
  const arrays = new Map<string, NpyArray>();
  let at = file.readUInt32LE(end + 16);
  for (let entry = file.readUInt16LE(end + 10); entry > 0; entry -= 1) {
    if (file.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Error('no zip directory');
    const [method, packed] = [file.readUInt16LE(at + 10), file.readUInt32LE(at + 20)];
    const [nameLength, extra, comment] = [28, 30, 32].map((place) => file.readUInt16LE(at + place));
    const local = file.readUInt32LE(at + 42);
    const name = file.toString('utf8', at + 46, at + 46 + (nameLength ?? 0));
    const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    const content = file.subarray(start, start + packed);
    if (name.endsWith('.npy')) {
      arrays.set(name.slice(0, -'.npy'.length), readNpy(method === STORED ? content : inflateRawSync(content)));
    }
    at += 46 + (nameLength ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return arrays;
}

function readNpy(bytes: Buffer): NpyArray {
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, start);
  const type = /'descr': '([^']+)'/.exec(header)?.[1];
  const sizes = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '').split(',');
  const data = bytes.subarray(start);
  const read: Record<string, [width: number, at: (place: number) => number]> = {
    '<f4': [4, (place) => data.readFloatLE(place)],
    '<i4': [4, (place) => data.readInt32LE(place)],
    '|u1': [1, (place) => data.readUInt8(place)],
  };
  const reader = read[type ?? ''];
  if (reader === undefined) throw new Error(`an array of ${type ?? 'no type'}`);
  const [width, valueAt] = reader;
  const shape = sizes.flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  return { shape, values: Array.from({ length: Math.floor(data.length / width) }, (_, i) => valueAt(i * width)) };
}
