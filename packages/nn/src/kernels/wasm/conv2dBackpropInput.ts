import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type ConvGeometry, convGeometry, shapeAttribute } from '../convGeometry.js';
import { convolve } from './convolve.js';
import type { WasmHeap, WasmKernel } from './heap.js';
import { inputByColumns } from './inputByColumns.js';
import { inPanels, narrowed, packTransposed } from './panels.js';
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
  const channels = inPanels(g.c);
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

/** Up to so many positions of dy a border's own phases are worth their calls: 4 x 4 pixels make 6 x 6, with less than half the products. */
const FEW = 16;

/** Those that see anything of dy. Of a small dy each position sees only the taps that meet it, of a large one all. */
function phases(stride: number, taps: number, padding: number, size: number, outputs: number): Phase[] {
  const found: Phase[] = [];
  for (let tap = 0; tap < Math.min(stride, taps); tap += 1) {
    const own = Math.ceil((taps - tap) / stride);
    // Position p of dx is u = p + padding = stride * block + tap, and sees dy from block - own + 1 to block.
    const firstBlock = Math.ceil((padding - tap) / stride);
    const lastBlock = Math.floor((size - 1 + padding - tap) / stride);
    for (let block = firstBlock; block <= lastBlock; block += 1) {
      const [low, high] = [Math.max(0, block - outputs + 1), Math.min(own - 1, block)];
      if (high < low) continue;
      const [skipped, seen] = outputs <= FEW ? [low, high - low + 1] : [0, own];
      const first = tap + skipped * stride;
      const end = block - skipped + 1;
      const last = found.at(-1);
      if (last?.tap === first && last.taps === seen) {
        last.count += 1;
        last.end = end;
      } else {
        const offset = block * stride + tap - padding;
        found.push({ tap: first, taps: seen, stride, offset, count: 1, before: seen - end, end });
      }
    }
  }
  return found;
}

/** The filter's taps of a phase, turned round, input and output channels exchanged: [c / 8, taps, taps, k, 8], zeros at the end of c. */
function filterPart(heap: WasmHeap, filter: TensorInfo, g: ConvGeometry, row: Phase, column: Phase): TensorInfo {
  const part = heap.make([Math.ceil(g.c / TILE_COLUMNS), row.taps, column.taps, g.k, TILE_COLUMNS]);
  const source = heap.address(filter);
  let target = heap.address(part);
  for (let first = 0; first < g.c; first += TILE_COLUMNS) {
    for (let a = row.taps - 1; a >= 0; a -= 1) {
      for (let b = column.taps - 1; b >= 0; b -= 1) {
        const tap = (row.tap + a * row.stride) * g.fw + column.tap + b * column.stride;
        const channels = Math.min(TILE_COLUMNS, g.c - first);
        packTransposed(heap, source + (tap * g.c + first) * g.k * FLOAT, g.k, channels, target);
        target += g.k * TILE_COLUMNS * FLOAT;
      }
    }
  }
  return part;
}
