import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmHeap } from './heap.js';
import { TILE_COLUMNS } from './simd/products.js';

/* The right factor of a product lies packed, in panels of 8 columns: [columns / 8, rows, 8], with zeros at the end of the columns. */

const FLOAT = 4;
/** Rows that are read at once, and so stay in the first cache for their other columns. */
const ROWS = 32;
const QUARTER = 4;

/** `columns`, made up to whole panels. */
export const inPanels = (columns: number): number => Math.ceil(columns / TILE_COLUMNS) * TILE_COLUMNS;

/** A matrix [rows, columns] at the address `from`, to the address `to`. */
export function packPanels(heap: WasmHeap, from: number, rows: number, columns: number, to: number): void {
  const whole = columns - (columns % TILE_COLUMNS);
  for (let row = 0; row < rows; row += ROWS) {
    const count = Math.min(ROWS, rows - row);
    for (let column = 0; column < whole; column += TILE_COLUMNS) {
      const target = to + (column * rows + row * TILE_COLUMNS) * FLOAT;
      heap.simd.packColumns(from + (row * columns + column) * FLOAT, columns * FLOAT, count, target);
    }
  }
  if (whole === columns) return;
  const [all, first, target] = [heap.memory(), from / FLOAT, to / FLOAT + whole * rows];
  all.fill(0, target, target + rows * TILE_COLUMNS);
  for (let row = 0; row < rows; row += 1) {
    for (let c = whole; c < columns; c += 1) {
      all[target + row * TILE_COLUMNS + c - whole] = all[first + row * columns + c] ?? 0;
    }
  }
}

/** The transpose of a matrix [columns, rows] at the address `from`. */
export function packTransposed(heap: WasmHeap, from: number, rows: number, columns: number, to: number): void {
  for (let column = 0; column < columns; column += TILE_COLUMNS) {
    const count = Math.min(TILE_COLUMNS, columns - column);
    packPanelTransposed(heap, from + column * rows * FLOAT, rows, count, to + column * rows * FLOAT);
  }
}

/** One panel, of at most 8 columns. */
function packPanelTransposed(heap: WasmHeap, from: number, rows: number, columns: number, to: number): void {
  const quick = columns === TILE_COLUMNS ? rows - (rows % QUARTER) : 0;
  if (quick > 0) heap.simd.packRows(from, rows * FLOAT, quick / QUARTER, to);
  if (quick === rows) return;
  const [all, first, target] = [heap.memory(), from / FLOAT, to / FLOAT];
  for (let row = quick; row < rows; row += 1) {
    for (let c = 0; c < TILE_COLUMNS; c += 1) {
      all[target + row * TILE_COLUMNS + c] = c < columns ? (all[first + c * rows + row] ?? 0) : 0;
    }
  }
}

/** The first `columns` of the last axis; `x` is gone. */
export function narrowed(heap: WasmHeap, x: TensorInfo, columns: number): TensorInfo {
  const out = heap.make([...x.shape.slice(0, -1), columns]);
  const [from, to] = [heap.floats(x), heap.floats(out)];
  const wide = x.shape.at(-1) ?? columns;
  for (let source = 0, target = 0; target < to.length; source += wide, target += columns) {
    for (let i = 0; i < columns; i += 1) to[target + i] = from[source + i] ?? 0;
  }
  heap.free(x);
  return out;
}
