import type { TensorInfo } from '@tensorflow/tfjs-core';
import { broadcast_util } from '@tensorflow/tfjs-core';
import { builtIn, type WasmHeap, type WasmKernel } from './heap.js';
import { addOuterProducts } from './outerProducts.js';
import { putIntegers } from './paddedImages.js';
import { inPanels, narrowed, packPanels, packTransposed } from './panels.js';
import { TILE_COLUMNS, TILE_ROWS } from './simd/products.js';

const FLOAT = 4;

/**
 * By the tiles of convolutions, batches in one go. The built-in kernel calls XNNPACK only for one product of untransposed
 * factors; all else runs in a plain loop, 15 to 20 times slower (512x512x512: 16 ms against 250 ms), and so do both
 * gradients of every dense layer.
 */
export const batchMatMul: WasmKernel = (heap, { a, b }, attrs) => {
  if (!a || !b) throw new Error('BatchMatMul: wanted a and b');
  const [turnedLeft, turnedRight] = [Boolean(attrs['transposeA']), Boolean(attrs['transposeB'])];
  const sizes = sizesOf(a, b, turnedLeft, turnedRight);
  // Batches that are in part the same, empty ones and mismatched sizes are the built-in kernel's.
  if (!sizes || (!turnedLeft && !turnedRight && isSmall(sizes))) {
    return heap.run(builtIn('BatchMatMul'), { a, b }, attrs);
  }
  if (turnedLeft && !turnedRight) return byOuterProducts(heap, a, b, sizes);
  if (!turnedLeft) return byTiles(heap, a, b, sizes, turnedRight);
  const left = lastTwoSwapped(heap, a);
  const result = byTiles(heap, left, b, sizes, turnedRight);
  heap.free(left);
  return result;
};

/** [m, depth] times [depth, n], `count` times. */
interface Sizes {
  batch: number[];
  count: number;
  m: number;
  depth: number;
  n: number;
  /** Floats from a factor to that of the next product: 0 where all have one. */
  leftStep: number;
  rightStep: number;
}

const lastTwo = ({ shape }: TensorInfo, turned: boolean): number[] =>
  turned ? shape.slice(-2).toReversed() : shape.slice(-2);

function sizesOf(a: TensorInfo, b: TensorInfo, turnedLeft: boolean, turnedRight: boolean): Sizes | null {
  const [m = 0, depth = 0] = lastTwo(a, turnedLeft);
  const [inner = 0, n = 0] = lastTwo(b, turnedRight);
  const [left, right] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const [lefts, rights] = [product(left), product(right)];
  const count = Math.max(lefts, rights);
  const known = lefts === 1 || rights === 1 || left.join() === right.join();
  if (a.dtype !== 'float32' || b.dtype !== 'float32' || depth !== inner || !known) return null;
  if (lefts * rights * m * depth * n === 0) return null;
  const batch = broadcast_util.assertAndGetBroadcastShape(left, right);
  return { batch, count, m, depth, n, leftStep: lefts === 1 ? 0 : m * depth, rightStep: rights === 1 ? 0 : depth * n };
}

/** One product that XNNPACK computes as fast, or faster where columns are left over. */
const isSmall = ({ count, m, n }: Sizes): boolean => count === 1 && (m < FEW_ROWS || n % TILE_COLUMNS > 0);
const FEW_ROWS = 128;

const product = (values: readonly number[]): number => values.reduce((x, y) => x * y, 1);

/** Floats of a column of the right factor that are used at once: with 8 columns 16 KB, which leaves room in the first cache. */
const DEPTH = 512;
/** Floats of the left factor that are used at once, and rows at most: 256 KB, which stay in the second cache for all columns. */
const FLOATS = 2 ** 16;
const ROWS = 1024;

function byTiles(heap: WasmHeap, a: TensorInfo, b: TensorInfo, sizes: Sizes, turnedRight: boolean): TensorInfo {
  const { batch, m, depth, n, leftStep, rightStep } = sizes;
  const columns = inPanels(n);
  const out = heap.make([...batch, m, columns]);
  const packed = heap.make([depth, columns]);
  // With one right factor for all it is one product.
  const together = rightStep === 0 && leftStep > 0 ? sizes.count : 1;
  const rows = together * m;
  const atOnce = Math.min(rows, ROWS, TILE_ROWS * Math.ceil(FLOATS / Math.min(depth, DEPTH) / TILE_ROWS));
  const [whole, rest] = [rowTable(heap, atOnce, depth, columns), rowTable(heap, rows % atOnce, depth, columns)];
  const right = heap.address(packed);
  const pack = turnedRight ? packTransposed : packPanels;
  for (let i = 0; i < sizes.count; i += together) {
    if (i === 0 || rightStep > 0) pack(heap, heap.address(b) + i * rightStep * FLOAT, depth, n, right);
    const [left, to] = [heap.address(a) + i * leftStep * FLOAT, heap.address(out) + i * m * columns * FLOAT];
    for (let row = 0; row < rows; row += atOnce) {
      const table = rows - row < atOnce ? rest : whole;
      const tiles = (table.shape[0] ?? 0) / (2 * TILE_ROWS);
      for (let begin = 0; begin < depth; begin += DEPTH) {
        for (let column = 0; column < columns; column += TILE_COLUMNS) {
          heap.simd.tileProducts(
            heap.address(table),
            tiles,
            left + (row * depth + begin) * FLOAT,
            0,
            1,
            Math.min(DEPTH, depth - begin),
            right + (column * depth + begin * TILE_COLUMNS) * FLOAT,
            to + (row * columns + column) * FLOAT,
            begin === 0 ? 1 : 0,
          );
        }
      }
    }
  }
  heap.free(packed, whole, rest);
  return columns === n ? out : narrowed(heap, out, n);
}

/** [in the left factor, in out] of every row, in bytes; the last again until tiles are full. */
function rowTable(heap: WasmHeap, rows: number, depth: number, columns: number): TensorInfo {
  const whole = Math.ceil(rows / TILE_ROWS) * TILE_ROWS;
  const values = Array.from({ length: whole }, (_, i) => Math.min(i, rows - 1)).flatMap((row) => [
    row * depth * FLOAT,
    row * columns * FLOAT,
  ]);
  return putIntegers(heap, values);
}

/** Rows of both factors that are summed at once: so many of a panel stay in the first cache. */
const TOGETHER = 128;

/** The left factor transposed, as it lies: each row of it adds its product with one of the right factor. */
function byOuterProducts(heap: WasmHeap, a: TensorInfo, b: TensorInfo, sizes: Sizes): TensorInfo {
  const { batch, count, m, depth, n, leftStep, rightStep } = sizes;
  const columns = inPanels(n);
  const out = heap.make([...batch, m, columns]);
  heap.floats(out).fill(0);
  const most = Math.min(depth, TOGETHER);
  const packed = heap.make([most, columns]);
  const table = putIntegers(
    heap,
    Array.from({ length: most }, (_, row) => row * m * FLOAT),
  );
  for (let i = 0; i < count; i += 1) {
    for (let row = 0; row < depth; row += TOGETHER) {
      const rows = Math.min(TOGETHER, depth - row);
      const right = heap.address(packed);
      packPanels(heap, heap.address(b) + (i * rightStep + row * n) * FLOAT, rows, n, right);
      addOuterProducts(heap, {
        table: heap.address(table),
        rows,
        left: heap.address(a) + (i * leftStep + row * m) * FLOAT,
        length: m,
        right,
        panel: rows * FLOAT,
        out: heap.address(out) + i * m * columns * FLOAT,
        columns,
      });
    }
  }
  heap.free(packed, table);
  return columns === n ? out : narrowed(heap, out, n);
}

function lastTwoSwapped(heap: WasmHeap, x: TensorInfo): TensorInfo {
  const rank = x.shape.length;
  const perm = [...x.shape.keys()];
  perm.splice(rank - 2, 2, rank - 1, rank - 2);
  return heap.run('Transpose', { x }, { perm });
}
