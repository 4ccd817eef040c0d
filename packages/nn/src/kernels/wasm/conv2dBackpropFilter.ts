import { type ConvGeometry, convGeometry, shapeAttribute } from '../convGeometry.js';
import type { WasmKernel } from './heap.js';
import { addOuterProducts } from './outerProducts.js';
import { type Frame, imagesAtOnce, paddedImages, putIntegers, windowFrame } from './paddedImages.js';
import { inPanels, narrowed, packPanels } from './panels.js';
import { TILE_COLUMNS } from './simd/products.js';

const FLOAT = 4;
/** Pixels that are summed at once: with what `addOuterProducts` takes of them both factors stay in the first cache. */
const PIXELS = 128;

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
  const columns = inPanels(g.k);
  const length = g.fw * g.c;
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
    packPanels(heap, heap.address(dy) + first * pixels * g.k * FLOAT, count, g.k, heap.address(packed));
    for (let pixel = 0; pixel < count; pixel += PIXELS) {
      for (let row = 0; row < g.fh; row += 1) {
        addOuterProducts(heap, {
          table: heap.address(table) + pixel * FLOAT,
          rows: Math.min(PIXELS, count - pixel),
          left: left + row * frame.width * g.c * FLOAT,
          length,
          right: heap.address(packed) + pixel * TILE_COLUMNS * FLOAT,
          panel: count * FLOAT,
          out: heap.address(sums) + row * length * columns * FLOAT,
          columns,
        });
      }
    }
  }
  heap.free(table, packed);
  images.free();
  const result = columns === g.k ? sums : narrowed(heap, sums, g.k);
  return { ...result, shape: [g.fh, g.fw, g.c, g.k] };
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
