import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type ConvGeometry, convGeometry } from '../convGeometry.js';
import { convolve } from './convolve.js';
import { builtIn, type WasmHeap, type WasmKernel } from './heap.js';
import { windowFrame } from './paddedImages.js';
import { TILE_COLUMNS } from './simd/products.js';

/** With fewer most of the work is to copy the filter into another order. XNNPACK does so once for a filter that stays. */
const PIXELS = 64;

/**
 * Ours where the output channels fill its tiles, about twice as fast as XNNPACK. Else the built-in kernel, with 'same'
 * spelt out in rows and columns: where 'same' means no padding and a stride leaves pixels over (12 wide, 3 taps,
 * stride 4) XNNPACK refuses, and the built-in kernel returns zeros without a word.
 */
export const conv2d: WasmKernel = (heap, { x, filter }, attrs) => {
  if (!x || !filter) throw new Error('Conv2D: wanted x and filter');
  const dilated = [attrs['dilations'] ?? 1].flat().some((dilation) => Number(dilation) !== 1);
  if (dilated) return heap.run(builtIn('Conv2D'), { x, filter }, attrs);
  const g = convGeometry(x.shape, filter.shape, attrs);
  if (g.k % TILE_COLUMNS === 0 && g.n * g.oh * g.ow >= PIXELS) return byTiles(heap, x, filter, g);
  if (attrs['pad'] !== 'same') return heap.run(builtIn('Conv2D'), { x, filter }, attrs);
  const { h, w, fh, fw, sh, sw, oh, ow, top, left } = g;
  const bottom = Math.max(0, (oh - 1) * sh + fh - h - top);
  const right = Math.max(0, (ow - 1) * sw + fw - w - left);
  return heap.run(
    builtIn('Conv2D'),
    { x, filter },
    {
      ...attrs,
      pad: [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ],
    },
  );
};

function byTiles(heap: WasmHeap, x: TensorInfo, filter: TensorInfo, g: ConvGeometry): TensorInfo {
  const out = heap.make([g.n, g.oh, g.ow, g.k]);
  const packed = packFilter(heap, filter, g);
  convolve(heap, {
    x,
    frame: windowFrame(g),
    out,
    passes: [
      {
        filter: packed,
        taps: [g.fh, g.fw],
        begin: [0, 0],
        step: [g.sh, g.sw],
        count: [g.oh, g.ow],
        outBegin: 0,
        outStep: [g.ow, 1],
      },
    ],
  });
  heap.free(packed);
  return out;
}

const FLOAT = 4;
/** Rows of the filter that are read at once, and so stay in the first cache for their other columns. */
const ROWS = 32;

/** [fh, fw, c, k] as [k / 8, fh, fw, c, 8] */
function packFilter(heap: WasmHeap, filter: TensorInfo, { fh, fw, c, k }: ConvGeometry): TensorInfo {
  const packed = heap.make(filter.shape);
  const rows = fh * fw * c;
  const [from, to] = [heap.address(filter), heap.address(packed)];
  for (let row = 0; row < rows; row += ROWS) {
    const count = Math.min(ROWS, rows - row);
    for (let column = 0; column < k; column += TILE_COLUMNS) {
      const target = to + (column * rows + row * TILE_COLUMNS) * FLOAT;
      heap.simd.packColumns(from + (row * k + column) * FLOAT, k * FLOAT, count, target);
    }
  }
  return packed;
}
