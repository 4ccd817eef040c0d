import { unzipSync } from 'fflate';

export interface ReadArray {
  dtype: string;
  shape: number[];
  data: number[];
}

/** Arrays of an .npz file by name, and its other files as text. */
export function readNpz(file: Uint8Array): { arrays: Record<string, ReadArray>; texts: Record<string, string> } {
  const [arrays, texts]: [Record<string, ReadArray>, Record<string, string>] = [{}, {}];
  for (const [name, content] of Object.entries(unzipSync(file))) {
    if (name.endsWith('.npy')) arrays[name.slice(0, -'.npy'.length)] = readNpy(Buffer.from(content));
    else texts[name] = Buffer.from(content).toString();
  }
  return { arrays, texts };
}

function readNpy(bytes: Buffer): ReadArray {
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.subarray(10, start).toString('latin1');
  const dtype = /'descr': '[<|](\w\d)'/.exec(header)?.[1] ?? '';
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '').split(',').filter((size) => size.trim() !== '');
  const width = Number(dtype[1]);
  const values = (bytes.length - start) / width;
  const data = Array.from({ length: values }, (_, i) => {
    const at = start + i * width;
    if (dtype === 'f4') return bytes.readFloatLE(at);
    return dtype === 'i4' ? bytes.readInt32LE(at) : bytes.readUInt8(at);
  });
  return { dtype, shape: shape.map(Number), data };
}
