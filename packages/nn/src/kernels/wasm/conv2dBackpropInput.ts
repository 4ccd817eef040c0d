import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type ConvGeometry, convGeometry, shapeAttribute } from '../convGeometry.js';
import { convolve } from './convolve.js';
import type { WasmHeap, WasmKernel } from './heap.js';
import { inputByColumns } from './inputByColumns.js';
import { TILE_COLUMNS } from './simd/products.js';

/**
 * The gradient of a convolution by its input, which is also the forward pass of a transposed convolution:
 *
 *   dx[n, u - top, v - left, c] = sum over (i, a) with i sh + a = u, (j, b) with j sw + b = v, and k of dy[n, i, j, k] F[a, b, c, k]
 *
 * Rows u = r mod sh see only the filter rows a = r mod sh, so each of the sh x sw phases of dx is a plain stride-1
 * convolution of dy with its own part of the filter, and no product with zero is computed.
 *
 * Measured (one core; batch 32; 5x5, stride 2): dy of 32x32x64 -> 64x64x32 124 ms, by convolutions of XNNPACK 223.
 * With one channel (dy of 32x32x32 -> 64x64) the product of matrices that is added up afterwards wins, 11 to 26 ms, and
 * with few pixels (dy of 1x1x512 -> 4x4x256, stride 5) too, 12 to 39 ms: there the filter is larger than the images.
 */
export const conv2dBackpropInput: WasmKernel = (heap, { dy, filter }, attrs) => {
  if (!dy || !filter) throw new Error('Conv2DBackpropInput: wanted dy and filter');
  const g = convGeometry(shapeAttribute(attrs, 'inputShape'), filter.shape, attrs);
  const fewPixels = g.n * g.oh * g.ow <= 64;
  return g.c < TILE_COLUMNS || fewPixels ? inputByColumns(heap, dy, filter, g) : inputByPhases(heap, dy, filter, g);
};

const FLOAT = 4;

function inputByPhases(heap: WasmHeap, dy: TensorInfo, filter: TensorInfo, g: ConvGeometry): TensorInfo {
  const channels = Math.ceil(g.c / TILE_COLUMNS) * TILE_COLUMNS;
  const out = heap.make([g.n, g.h, g.w, channels]);
  const rows = phases(g.sh, g.fh, g.top, g.h, g.oh);
  const columns = phases(g.sw, g.fw, g.left, g.w, g.ow);
  if (pixels(rows) < g.h || pixels(columns) < g.w) heap.floats(out).fill(0);
  const passes = rows.flatMap((row) =>
    columns.map((column) => ({
      filter: filterPart(heap, filter, g, row, column),
      taps: [row.taps, column.taps] as const,
      begin: [widest(rows) - row.before, widest(columns) - column.before] as const,
      step: [1, 1] as const,
      count: [row.count, column.count] as const,
      outBegin: row.offset * g.w + column.offset,
      outStep: [g.sh * g.w, g.sw] as const,
    })),
  );
  const frame = {
    height: Math.max(...rows.map(({ end }) => widest(rows) + end)),
    width: Math.max(...columns.map(({ end }) => widest(columns) + end)),
    top: widest(rows),
    left: widest(columns),
  };
  if (passes.length > 0) convolve(heap, { x: dy, frame, out, passes });
  heap.free(...passes.map((pass) => pass.filter));
  return channels === g.c ? out : narrowed(heap, out, g.c);
}

/** One axis of one phase: the positions offset, offset + stride, ... of dx. */
interface Phase {
  /** First filter tap, and how many there are (each `stride` after the last). */
  tap: number;
  taps: number;
  stride: number;
  /** First position in dx, and how many there are. */
  offset: number;
  count: number;
  /** How many zeros before dy are read; where dy is cut, less than none. */
  before: number;
  /** Behind the last position of dy that is read. */
  end: number;
}

const pixels = (axis: readonly Phase[]): number => axis.reduce((sum, { count }) => sum + count, 0);
const widest = (axis: readonly Phase[]): number => Math.max(...axis.map(({ before }) => before));

/** Those that see anything of dy. */
function phases(stride: number, taps: number, padding: number, size: number, outputs: number): Phase[] {
  const found: Phase[] = [];
  for (let tap = 0; tap < Math.min(stride, taps); tap += 1) {
    const own = Math.ceil((taps - tap) / stride);
    // Position p of dx is u = p + padding = stride * block + tap, and sees dy from block - own + 1 to block.
    const firstBlock = Math.ceil((padding - tap) / stride);
    const lastBlock = Math.floor((size - 1 + padding - tap) / stride);
    const before = own - 1 - firstBlock;
    if (lastBlock < Math.max(0, firstBlock) || -before >= outputs) continue;
    found.push({
      tap,
      taps: own,
      stride,
      offset: firstBlock * stride + tap - padding,
      count: lastBlock - firstBlock + 1,
      before,
      end: lastBlock + 1,
    });
  }
  return found;
}

/** The filter's taps of a phase, turned round, input and output channels exchanged: [c / 8, taps, taps, k, 8], zeros at the end of c. */
function filterPart(heap: WasmHeap, filter: TensorInfo, g: ConvGeometry, row: Phase, column: Phase): TensorInfo {
  const part = heap.make([Math.ceil(g.c / TILE_COLUMNS), row.taps, column.taps, g.k, TILE_COLUMNS]);
  let target = 0;
  for (let first = 0; first < g.c; first += TILE_COLUMNS) {
    for (let a = row.taps - 1; a >= 0; a -= 1) {
      for (let b = column.taps - 1; b >= 0; b -= 1) {
        const tap = (row.tap + a * row.stride) * g.fw + column.tap + b * column.stride;
        exchange(heap, filter, (tap * g.c + first) * g.k, part, target, Math.min(TILE_COLUMNS, g.c - first), g.k);
        target += g.k * TILE_COLUMNS;
      }
    }
  }
  return part;
}

/** [rows, k] from `source` on goes to [k, 8] from `target` on. */
function exchange(
  heap: WasmHeap,
  filter: TensorInfo,
  source: number,
  part: TensorInfo,
  target: number,
  rows: number,
  k: number,
): void {
  if (rows === TILE_COLUMNS && k % 4 === 0) {
    const [from, to] = [heap.address(filter) + source * FLOAT, heap.address(part) + target * FLOAT];
    heap.simd.packRows(from, k * FLOAT, k / 4, to);
    return;
  }
  const [from, to] = [heap.floats(filter), heap.floats(part)];
  for (let i = 0; i < k; i += 1) {
    for (let c = 0; c < TILE_COLUMNS; c += 1) {
      to[target + i * TILE_COLUMNS + c] = c < rows ? (from[source + c * k + i] ?? 0) : 0;
    }
  }
}

/** The first `c` channels; `x` is gone. */
function narrowed(heap: WasmHeap, x: TensorInfo, c: number): TensorInfo {
  const out = heap.make([...x.shape.slice(0, -1), c]);
  const [from, to] = [heap.floats(x), heap.floats(out)];
  const channels = x.shape.at(-1) ?? c;
  for (let source = 0, target = 0; target < to.length; source += channels, target += c) {
    for (let i = 0; i < c; i += 1) to[target + i] = from[source + i] ?? 0;
  }
  heap.free(x);
  return out;
}
