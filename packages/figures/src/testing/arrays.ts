import type { NdArray } from '../data/npz.js';

const filled =
  (data: { from(length: { length: number }, of: (value: unknown, i: number) => number): NdArray['data'] }) =>
  (shape: number[], of: (i: number) => number): NdArray => ({
    shape,
    data: data.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => of(i)),
  });

/** Arrays by the type codes of NumPy, filled by place in row-major order. */
export const f4 = filled(Float32Array);
export const u1 = filled(Uint8Array);
export const i4 = filled(Int32Array);
