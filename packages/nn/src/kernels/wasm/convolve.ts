import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmHeap } from './heap.js';
import { type Frame, imagesAtOnce, paddedImages, putIntegers } from './paddedImages.js';
import { TILE_COLUMNS, TILE_ROWS } from './simd/products.js';

/** Convolutions of the same images by parts of one filter, each of which gives its own pixels of `out`. */
export interface Convolution {
  /** [n, h, w, c], and what of it the filters read. */
  x: TensorInfo;
  frame: Frame;
  /** [n, ..., k], k a multiple of 8. */
  out: TensorInfo;
  passes: readonly Pass[];
}

export interface Pass {
  /** [k / 8, taps, taps, c, 8] */
  filter: TensorInfo;
  taps: Pair;
  /** The first window's place in the frame, and the step from one to the next. */
  begin: Pair;
  step: Pair;
  /** How many windows there are. */
  count: Pair;
  /** Of pixels of an image of `out`: the first window's, and the step to that of the next. */
  outBegin: number;
  outStep: Pair;
}

type Pair = readonly [rows: number, columns: number];

const FLOAT = 4;
/** Floats of a column of the filter that are used at once: with 8 columns 16 KB, which leaves room in the first cache. */
const DEPTH = 512;
/** Tiles of pixels that are computed at once: the sums of 8 columns stay in the first cache. */
const TILES = 256;

/**
 * A window's row is one stretch of memory, and so a convolution is a product of matrices whose left factor need not be
 * made: every pixel's row begins where a table says.
 */
export function convolve(heap: WasmHeap, { x, frame, out, passes }: Convolution): void {
  const [n = 0, , , c = 0] = x.shape;
  const k = out.shape.at(-1) ?? 0;
  const pixels = Math.max(...passes.map(({ count: [rows, columns] }) => rows * columns));
  const together = imagesAtOnce(n, frame.height * frame.width * c, pixels);
  const images = paddedImages(heap, x, frame, together);
  const outImage = out.shape.slice(1).reduce((a, b) => a * b, 1);
  let tables: TensorInfo[] = [];
  let tabled = 0;
  for (let first = 0; first < n; first += together) {
    const count = Math.min(together, n - first);
    const left = images.at(first, count);
    if (count !== tabled) {
      heap.free(...tables);
      tables = passes.map((pass) => putIntegers(heap, offsets(pass, { frame, c, k, outImage, images: count })));
      tabled = count;
    }
    passes.forEach((pass, i) => {
      const table = tables[i];
      if (table) multiply(heap, pass, { table, left, out: heap.address(out) + first * outImage * FLOAT, c, k, frame });
    });
  }
  heap.free(...tables);
  images.free();
}

interface Sizes {
  frame: Frame;
  c: number;
  k: number;
}

/** [in the frame, in out] of every pixel, in bytes; the last again until tiles are full. */
function offsets(
  { begin, step, count, outBegin, outStep }: Pass,
  { frame, c, k, outImage, images }: Sizes & { outImage: number; images: number },
): number[] {
  const values: number[] = [];
  for (let image = 0; image < images; image += 1) {
    for (let i = 0; i < count[0]; i += 1) {
      for (let j = 0; j < count[1]; j += 1) {
        const row = image * frame.height + begin[0] + i * step[0];
        const column = begin[1] + j * step[1];
        const pixel = outBegin + i * outStep[0] + j * outStep[1];
        values.push((row * frame.width + column) * c * FLOAT, (image * outImage + pixel * k) * FLOAT);
      }
    }
  }
  const last = values.slice(-2);
  while (values.length % (2 * TILE_ROWS) !== 0) values.push(...last);
  return values;
}

function multiply(
  heap: WasmHeap,
  { filter, taps }: Pass,
  { table, left, out, c, k, frame }: Sizes & { table: TensorInfo; left: number; out: number },
): void {
  const line = frame.width * c * FLOAT;
  const height = taps[0] * taps[1] * c;
  const [from, right] = [heap.address(table), heap.address(filter)];
  const tiles = (table.shape[0] ?? 0) / (2 * TILE_ROWS);
  const parts = partsOf(taps[0], taps[1] * c);
  for (let tile = 0; tile < tiles; tile += TILES) {
    const rows = from + tile * 2 * TILE_ROWS * FLOAT;
    const now = Math.min(TILES, tiles - tile);
    for (const { row, begin, rows: segments, depth } of parts) {
      const at = row * taps[1] * c + begin;
      for (let column = 0; column < k; column += TILE_COLUMNS) {
        heap.simd.tileProducts(
          rows,
          now,
          left + row * line + begin * FLOAT,
          line,
          segments,
          depth,
          right + (column * height + at * TILE_COLUMNS) * FLOAT,
          out + column * FLOAT,
          at === 0 ? 1 : 0,
        );
      }
    }
  }
}

/** A window of `rows` rows of `length` floats in parts of at most DEPTH: several rows, or a piece of one. */
function partsOf(rows: number, length: number): { row: number; begin: number; rows: number; depth: number }[] {
  const together = Math.max(1, Math.floor(DEPTH / length));
  const pieces = Math.ceil(length / DEPTH);
  const depth = Math.ceil(length / pieces);
  const parts = [];
  for (let row = 0; row < rows; row += together) {
    for (let begin = 0; begin < length; begin += depth) {
      parts.push({ row, begin, rows: Math.min(together, rows - row), depth: Math.min(depth, length - begin) });
    }
  }
  return parts;
}
