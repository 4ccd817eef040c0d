import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvGeometry } from '../convGeometry.js';
import type { WasmHeap } from './heap.js';

/** Floats of columns that are held at once: 4 MB, which stays in the second cache. */
const COLUMNS = 2 ** 20;

/**
 * The input gradient as columns = dy [pixels, k] x filter^T [k, fh fw c], each column then added to the
 * fh x fw window of dx that its pixel saw.
 */
export function inputByColumns(heap: WasmHeap, dy: TensorInfo, filter: TensorInfo, g: ConvGeometry): TensorInfo {
  const window = g.fh * g.fw * g.c;
  const pixels = g.oh * g.ow;
  const out = heap.make([g.n, g.h, g.w, g.c]);
  heap.floats(out).fill(0);
  if (g.n * pixels < window) {
    const columns = columnsByFilter(heap, dy, filter, g.n * pixels, window, g.k);
    scatter(heap, columns, out, g, 0, g.n);
    heap.free(columns);
    return out;
  }
  const images = Math.max(1, Math.min(g.n, Math.floor(COLUMNS / (pixels * window))));
  const weights = heap.run('Transpose', { x: { ...filter, shape: [window, g.k] } }, { perm: [1, 0] });
  for (let first = 0; first < g.n; first += images) {
    const count = Math.min(images, g.n - first);
    const part = heap.view(dy, [1, count * pixels, g.k], first * pixels * g.k);
    const columns = product(heap, part, { ...weights, shape: [1, g.k, window] });
    scatter(heap, columns, out, g, first, count);
    heap.dropView(part);
    heap.free(columns);
  }
  heap.free(weights);
  return out;
}

/**
 * With fewer pixels than taps the product is turned round, (filter x dy^T)^T: XNNPACK first copies the right
 * factor into its own order, and so this is the small one.
 */
function columnsByFilter(
  heap: WasmHeap,
  dy: TensorInfo,
  filter: TensorInfo,
  pixels: number,
  window: number,
  k: number,
): TensorInfo {
  const turned = heap.run('Transpose', { x: { ...dy, shape: [pixels, k] } }, { perm: [1, 0] });
  const rows = product(heap, { ...filter, shape: [1, window, k] }, { ...turned, shape: [1, k, pixels] });
  const columns = heap.run('Transpose', { x: { ...rows, shape: [window, pixels] } }, { perm: [1, 0] });
  heap.free(turned, rows);
  return columns;
}

const product = (heap: WasmHeap, a: TensorInfo, b: TensorInfo): TensorInfo =>
  heap.run('BatchMatMul', { a, b }, { transposeA: false, transposeB: false });

function scatter(
  heap: WasmHeap,
  columns: TensorInfo,
  out: TensorInfo,
  g: ConvGeometry,
  first: number,
  count: number,
): void {
  const to = heap.floats(out);
  const from = heap.floats(columns);
  const line = g.fw * g.c;
  let source = 0;
  for (let n = first; n < first + count; n += 1) {
    for (let i = 0; i < g.oh; i += 1) {
      for (let j = 0; j < g.ow; j += 1) {
        const column = j * g.sw - g.left;
        const begin = Math.max(0, -column) * g.c;
        const end = Math.min(g.fw, g.w - column) * g.c;
        for (let a = 0; a < g.fh; a += 1, source += line) {
          const row = i * g.sh + a - g.top;
          if (row < 0 || row >= g.h) continue;
          const target = ((n * g.h + row) * g.w + column) * g.c;
          for (let e = begin; e < end; e += 1) to[target + e] = (to[target + e] ?? 0) + (from[source + e] ?? 0);
        }
      }
    }
  }
}
