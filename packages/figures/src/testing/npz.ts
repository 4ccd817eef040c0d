import { strToU8, zipSync } from 'fflate';
import type { Evaluation } from '../data/evaluation.js';
import type { NdArray } from '../data/npz.js';

const TYPES: [type: abstract new () => NdArray['data'], descr: string][] = [
  [Float32Array, '<f4'],
  [Int32Array, '<i4'],
  [Uint8Array, '|u1'],
];

/** As numpy writes it, version 1.0. */
export function npyOf({ shape, data }: NdArray): Uint8Array {
  const descr = TYPES.find(([type]) => data instanceof type)?.[1] ?? '';
  const header =
    `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`.padEnd(
      117,
    );
  const start = Buffer.from([0x93, ...strToU8('NUMPY'), 1, 0, 118, 0]);
  return Buffer.concat([start, strToU8(`${header}\n`), Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}

/** evaluation.npz as a trainer leaves it. */
export const evaluationBytes = ({ names, ...arrays }: Evaluation): Uint8Array =>
  arraysBytes(arrays, { 'names.json': strToU8(JSON.stringify(names)) });

export function arraysBytes(arrays: Record<string, NdArray>, more: Record<string, Uint8Array> = {}): Uint8Array {
  const files = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${name}.npy`, npyOf(array)]));
  return zipSync({ ...files, ...more }, { level: 0 });
}
