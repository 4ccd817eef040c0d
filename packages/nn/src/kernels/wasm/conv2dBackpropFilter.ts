import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type ConvGeometry, convGeometry, shapeAttribute } from '../convGeometry.js';
import type { WasmHeap, WasmKernel } from './heap.js';
import { type Frame, imagesAtOnce, paddedImages, putIntegers, windowFrame } from './paddedImages.js';
import { TILE_COLUMNS, TILE_ROWS } from './simd/products.js';

const FLOAT = 4;
/** Pixels that are summed at once, and floats of their windows' rows: both factors stay in the first cache. */
const PIXELS = 128;
const FLOATS = 32;

/**
 * The gradient of a convolution by its filter:
 *
 *   dF[a, b, c, k] = sum over n, i, j of x[n, a + i sh - top, b + j sw - left, c] dy[n, i, j, k]
 *
 * As in the convolution, a row of a window is one stretch of memory (b, c), and here each pixel (n, i, j) adds the
 * product of that and its dy to the sums.
 *
 * Measured (one core; batch 32; 5x5, stride 2; best of 12), and beside it as one convolution of XNNPACK, x as
 * [c, h, w, n] by dy as [oh, ow, n, k]: 64x64x32 -> 32x32x64 138 ms, 254; 128x128x1 -> 64x64x32 13 ms, 76.
 */
export const conv2dBackpropFilter: WasmKernel = (heap, { x, dy }, attrs) => {
  if (!x || !dy) throw new Error('Conv2DBackpropFilter: wanted x and dy');
  const g = convGeometry(x.shape, shapeAttribute(attrs, 'filterShape'), attrs);
  const columns = Math.ceil(g.k / TILE_COLUMNS) * TILE_COLUMNS;
  const sums = heap.make([g.fh * g.fw * g.c, columns]);
  heap.floats(sums).fill(0);
  const pixels = g.oh * g.ow;
  const frame = windowFrame(g);
  const together = imagesAtOnce(g.n, frame.height * frame.width * g.c, pixels);
  const images = paddedImages(heap, x, frame, together);
  const packed = heap.make([together * pixels * columns]);
  const table = putIntegers(heap, windows(g, frame, together));
  for (let first = 0; first < g.n; first += together) {
    const count = Math.min(together, g.n - first) * pixels;
    const left = images.at(first, count / pixels);
    pack(heap, dy, packed, first * pixels, count, g.k);
    for (let pixel = 0; pixel < count; pixel += PIXELS) {
      addPixels(heap, g, {
        table: heap.address(table) + pixel * FLOAT,
        pixels: Math.min(PIXELS, count - pixel),
        left,
        line: frame.width * g.c * FLOAT,
        right: heap.address(packed) + pixel * TILE_COLUMNS * FLOAT,
        panel: count * FLOAT,
        out: heap.address(sums),
        columns,
      });
    }
  }
  heap.free(table, packed);
  images.free();
  const shape = [g.fh, g.fw, g.c, g.k];
  if (columns === g.k) return { ...sums, shape };
  const result = heap.run('Slice', { x: sums }, { begin: [0, 0], size: [g.fh * g.fw * g.c, g.k] });
  heap.free(sums);
  return { ...result, shape };
};

/** Where the window of every pixel begins, in bytes. */
function windows(g: ConvGeometry, frame: Frame, images: number): number[] {
  const values: number[] = [];
  for (let image = 0; image < images; image += 1) {
    for (let i = 0; i < g.oh; i += 1) {
      for (let j = 0; j < g.ow; j += 1) {
        values.push(((image * frame.height + i * g.sh) * frame.width + j * g.sw) * g.c * FLOAT);
      }
    }
  }
  return values;
}

/** dy of `count` pixels from `first` on, as [k / 8, pixels, 8] with zeros at the end of k. */
function pack(heap: WasmHeap, dy: TensorInfo, packed: TensorInfo, first: number, count: number, k: number): void {
  const whole = k - (k % TILE_COLUMNS);
  const [from, to] = [heap.address(dy), heap.address(packed)];
  for (let column = 0; column < whole; column += TILE_COLUMNS) {
    heap.simd.packColumns(from + (first * k + column) * FLOAT, k * FLOAT, count, to + column * count * FLOAT);
  }
  if (whole === k) return;
  const [values, rest] = [heap.floats(dy), heap.floats(packed).subarray(whole * count, (whole + TILE_COLUMNS) * count)];
  rest.fill(0);
  for (let pixel = 0; pixel < count; pixel += 1) {
    for (let c = whole; c < k; c += 1) rest[pixel * TILE_COLUMNS + c - whole] = values[(first + pixel) * k + c] ?? 0;
  }
}

interface Pixels {
  table: number;
  pixels: number;
  left: number;
  /** Bytes of a row of the frame. */
  line: number;
  right: number;
  /** Bytes from a column of dy to the next. */
  panel: number;
  out: number;
  /** Of out, a multiple of 8. */
  columns: number;
}

function addPixels(heap: WasmHeap, g: ConvGeometry, block: Pixels): void {
  const { table, pixels, line, columns } = block;
  const length = g.fw * g.c;
  const next = columns * FLOAT;
  for (let row = 0; row < g.fh; row += 1) {
    for (let begin = 0; begin < length; begin += FLOATS) {
      const rows = Math.min(FLOATS, length - begin);
      const rest = rows % TILE_ROWS;
      for (let column = 0; column < columns; column += TILE_COLUMNS) {
        const left = block.left + row * line + begin * FLOAT;
        const right = block.right + column * block.panel;
        const out = block.out + (row * length + begin) * next + column * FLOAT;
        const whole = rows - rest;
        if (whole > 0) heap.simd.outerTiles(table, pixels, left, right, out, next, whole / TILE_ROWS);
        if (rest > 0) {
          heap.simd.outerRows(table, pixels, left + whole * FLOAT, right, out + whole * next, next, rest);
        }
      }
    }
  }
}
