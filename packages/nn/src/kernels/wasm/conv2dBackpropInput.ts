import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type ConvGeometry, convGeometry, shapeAttribute } from '../convGeometry.js';
import type { WasmHeap, WasmKernel } from './heap.js';
import { inputByColumns } from './inputByColumns.js';

/**
 * The gradient of a convolution by its input, which is also the forward pass of a transposed convolution:
 *
 *   dx[n, u - top, v - left, c] = sum over (i, a) with i sh + a = u, (j, b) with j sw + b = v, and k of dy[n, i, j, k] F[a, b, c, k]
 *
 * Rows u = r mod sh see only the filter rows a = r mod sh, so each of the sh x sw phases of dx is a plain stride-1
 * convolution of dy with its own part of the filter, and no product with zero is computed.
 *
 * Measured (one core; batch 32; dy of 16x16x64 -> 32x32x32, 5x5, stride 2; best of 8): phases 45 ms, matrix
 * product and scatter 60 ms, one convolution for all phases 66 ms, zeros between the pixels of dy 222 ms,
 * the built-in kernel 675 ms. With one channel (64x64, from 32x32x32) the scatter wins, 11 to 26 ms, and with
 * few pixels (dy of 1x1x512 -> 4x4x256, stride 5) too, 12 to 39 ms: there the filter is larger than the images.
 */
export const conv2dBackpropInput: WasmKernel = (heap, { dy, filter }, attrs) => {
  if (!dy || !filter) throw new Error('Conv2DBackpropInput: wanted dy and filter');
  const g = convGeometry(shapeAttribute(attrs, 'inputShape'), filter.shape, attrs);
  const fewPixels = g.n * g.oh * g.ow <= 64;
  return g.c < 8 || fewPixels ? inputByColumns(heap, dy, filter, g) : inputByPhases(heap, dy, filter, g);
};

function inputByPhases(heap: WasmHeap, dy: TensorInfo, filter: TensorInfo, g: ConvGeometry): TensorInfo {
  const out = heap.make([g.n, g.h, g.w, g.c]);
  heap.floats(out).fill(0);
  const rows = phases(g.sh, g.fh, g.top, g.h, g.oh);
  const columns = phases(g.sw, g.fw, g.left, g.w, g.ow);
  for (const row of rows) {
    for (const column of columns) {
      const part = filterPart(heap, filter, g, row, column);
      const seen = cut(heap, dy, row, column);
      const y = heap.run(
        'Conv2D',
        { x: seen, filter: part },
        {
          strides: [1, 1],
          dilations: [1, 1],
          pad: [[0, 0], row.pad, column.pad, [0, 0]],
          dataFormat: 'NHWC',
        },
      );
      place(heap, y, out, g, row, column);
      heap.free(y, part, seen);
    }
  }
  return out;
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
  /** The part of dy that is read, and the zeros around it. */
  begin: number;
  size: number;
  pad: [before: number, after: number];
}

function phases(stride: number, taps: number, padding: number, size: number, outputs: number): Phase[] {
  const found: Phase[] = [];
  for (let tap = 0; tap < Math.min(stride, taps); tap += 1) {
    const own = Math.ceil((taps - tap) / stride);
    // Position p of dx is u = p + padding = stride * block + tap.
    const firstBlock = Math.ceil((padding - tap) / stride);
    const lastBlock = Math.floor((size - 1 + padding - tap) / stride);
    // dy from firstBlock - own + 1 to lastBlock is read; a negative pad means that dy has more.
    const before = own - 1 - firstBlock;
    const after = lastBlock - (outputs - 1);
    const begin = Math.max(0, -before);
    const seen = outputs - begin - Math.max(0, -after);
    if (lastBlock < firstBlock || seen < 1) continue;
    found.push({
      tap,
      taps: own,
      stride,
      offset: firstBlock * stride + tap - padding,
      count: lastBlock - firstBlock + 1,
      begin,
      size: seen,
      pad: [Math.max(0, before), Math.max(0, after)],
    });
  }
  return found;
}

/** The filter's taps of a phase, turned round, input and output channels exchanged: [taps, taps, k, c]. */
function filterPart(heap: WasmHeap, filter: TensorInfo, g: ConvGeometry, row: Phase, column: Phase): TensorInfo {
  const part = heap.make([row.taps, column.taps, g.k, g.c]);
  const to = heap.floats(part);
  const from = heap.floats(filter);
  for (let a = 0; a < row.taps; a += 1) {
    for (let b = 0; b < column.taps; b += 1) {
      const source = ((row.tap + a * row.stride) * g.fw + column.tap + b * column.stride) * g.c * g.k;
      const target = ((row.taps - 1 - a) * column.taps + column.taps - 1 - b) * g.c * g.k;
      for (let c = 0; c < g.c; c += 1) {
        for (let k = 0; k < g.k; k += 1) to[target + k * g.c + c] = from[source + c * g.k + k] ?? 0;
      }
    }
  }
  return part;
}

function cut(heap: WasmHeap, dy: TensorInfo, row: Phase, column: Phase): TensorInfo {
  const [n = 0, oh = 0, ow = 0, k = 0] = dy.shape;
  if (row.size === oh && column.size === ow) return heap.share(dy);
  return heap.run('Slice', { x: dy }, { begin: [0, row.begin, column.begin, 0], size: [n, row.size, column.size, k] });
}

function place(heap: WasmHeap, y: TensorInfo, out: TensorInfo, g: ConvGeometry, row: Phase, column: Phase): void {
  const to = heap.floats(out);
  const from = heap.floats(y);
  let source = 0;
  for (let n = 0; n < g.n; n += 1) {
    for (let i = 0; i < row.count; i += 1) {
      const line = (n * g.h + row.offset + i * row.stride) * g.w;
      for (let j = 0; j < column.count; j += 1) {
        const target = (line + column.offset + j * column.stride) * g.c;
        for (let c = 0; c < g.c; c += 1) to[target + c] = from[source + c] ?? 0;
        source += g.c;
      }
    }
  }
}
