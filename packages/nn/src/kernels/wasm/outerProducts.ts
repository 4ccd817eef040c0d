import type { WasmHeap } from './heap.js';
import { TILE_COLUMNS, TILE_ROWS } from './simd/products.js';

const FLOAT = 4;
/** Floats of a row of the left factor that are multiplied at once: with 128 rows they stay in the first cache. */
const FLOATS = 32;

export interface OuterProducts {
  /** Of integers: where in the left factor each row begins, in bytes. */
  table: number;
  rows: number;
  left: number;
  /** Floats of a row of the left factor. */
  length: number;
  /** The right factor, in panels. */
  right: number;
  /** Bytes from a column of it to the next. */
  panel: number;
  /** [length, columns] */
  out: number;
  /** A multiple of 8. */
  columns: number;
}

/** out[m, column] += sum over rows of left[row, m] right[row, column]. */
export function addOuterProducts(heap: WasmHeap, product: OuterProducts): void {
  const { table, rows, length, columns } = product;
  const next = columns * FLOAT;
  for (let begin = 0; begin < length; begin += FLOATS) {
    const count = Math.min(FLOATS, length - begin);
    const rest = count % TILE_ROWS;
    const whole = count - rest;
    for (let column = 0; column < columns; column += TILE_COLUMNS) {
      const left = product.left + begin * FLOAT;
      const right = product.right + column * product.panel;
      const out = product.out + begin * next + column * FLOAT;
      if (whole > 0) heap.simd.outerTiles(table, rows, left, right, out, next, whole / TILE_ROWS);
      if (rest > 0) heap.simd.outerRows(table, rows, left + whole * FLOAT, right, out + whole * next, next, rest);
    }
  }
}
