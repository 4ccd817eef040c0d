import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { AxisMap } from '../axisMaps.js';
import { interpolated, repeated, transposed } from '../axisMaps.js';
import type { WasmHeap, WasmKernel } from './heap.js';

/* Images whose pixels are weighted sums of a few of others, and the ways back. */

const FLOAT = 4;

export const replicatePad: WasmKernel = (heap, { x }, attrs) => {
  if (!x) throw new Error('ReplicatePad: wanted x');
  const border = Number(attrs['border']);
  return [mixed(heap, x, (size) => repeated(size, border))];
};

export const replicatePadGradient: WasmKernel = (heap, { dy }, attrs) => {
  if (!dy) throw new Error('ReplicatePadGradient: wanted dy');
  const border = Number(attrs['border']);
  return [mixed(heap, dy, (size) => folded(size - 2 * border, border))];
};

export const upsample: WasmKernel = (heap, { x }, attrs) => {
  if (!x) throw new Error('Upsample: wanted x');
  const [times, border] = [Number(attrs['times']), Number(attrs['border'])];
  return [mixed(heap, x, (size) => interpolated(size, times, border))];
};

export const upsampleGradient: WasmKernel = (heap, { dy }, attrs) => {
  if (!dy) throw new Error('UpsampleGradient: wanted dy');
  const [times, border] = [Number(attrs['times']), Number(attrs['border'])];
  const before = (size: number): number => (size - 2 * border) / times;
  return [mixed(heap, dy, (size) => transposed(interpolated(before(size), times, border), before(size)))];
};

/** What lies in a border of `size` pixels, added to the outermost ones that it repeats. */
export const folded = (size: number, border: number): AxisMap => transposed(repeated(size, border), size);

function mixed(heap: WasmHeap, x: TensorInfo, axis: (size: number) => AxisMap): TensorInfo {
  const [n = 0, h = 0, w = 0, c = 0] = x.shape;
  const [rows, columns] = [axis(h), axis(w)];
  const out = heap.make([n, rows.length, columns.length, c]);
  const table = mixTable(heap, rows, columns, { w, c });
  const pixels = rows.length * columns.length;
  for (let image = 0; image < n; image += 1) {
    const from = heap.address(x) + image * h * w * c * FLOAT;
    const to = heap.address(out) + image * pixels * c * FLOAT;
    heap.simd.mixPixels(heap.address(table), pixels, from, c * FLOAT, to);
  }
  heap.free(table);
  return out;
}

const termsOf = (map: AxisMap): number => map.reduce((sum, terms) => sum + terms.length, 0);

/** As `mixPixels` reads it, for images of `w` columns and `c` channels. */
export function mixTable(
  heap: WasmHeap,
  rows: AxisMap,
  columns: AxisMap,
  { w, c }: { w: number; c: number },
): TensorInfo {
  const table = heap.make([rows.length * columns.length + 2 * termsOf(rows) * termsOf(columns)]);
  const floats = heap.floats(table);
  const ints = new Int32Array(floats.buffer, floats.byteOffset, floats.length);
  let at = 0;
  for (const above of rows) {
    for (const beside of columns) {
      ints[at] = above.length * beside.length;
      at += 1;
      for (const [row, byRow] of above) {
        for (const [column, byColumn] of beside) {
          ints[at] = (row * w + column) * c * FLOAT;
          floats[at + 1] = byRow * byColumn;
          at += 2;
        }
      }
    }
  }
  return table;
}
