import * as tf from '@tensorflow/tfjs-core';
import type { WasmKernel } from './heap.js';

/** dx: every dy goes to the first largest pixel of its window. The built-in kernel sends it elsewhere. */
export const maxPoolGrad: WasmKernel = (heap, { dy, input }, attributes) => {
  if (!dy || !input) throw new Error('MaxPoolGrad: wanted dy and input');
  // TensorFlow.js passes attributes untyped.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const attrs = attributes as unknown as tf.MaxPoolGradAttrs;
  const [n = 0, h = 0, w = 0, c = 0] = input.shape;
  const pool = tf.backend_util.computePool2DInfo(
    [n, h, w, c],
    attrs.filterSize,
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
  const out = heap.make([n, h, w, c]);
  const to = heap.floats(out);
  const x = heap.floats(input);
  const from = heap.floats(dy);
  to.fill(0);
  let source = 0;
  for (let image = 0; image < n; image += 1) {
    for (let i = 0; i < pool.outHeight; i += 1) {
      const firstRow = i * pool.strideHeight - pool.padInfo.top;
      for (let j = 0; j < pool.outWidth; j += 1) {
        const firstColumn = j * pool.strideWidth - pool.padInfo.left;
        for (let channel = 0; channel < c; channel += 1) {
          let best = -Infinity;
          let at = -1;
          for (let row = Math.max(0, firstRow); row < Math.min(h, firstRow + pool.filterHeight); row += 1) {
            for (
              let column = Math.max(0, firstColumn);
              column < Math.min(w, firstColumn + pool.filterWidth);
              column += 1
            ) {
              const pixel = ((image * h + row) * w + column) * c + channel;
              const value = x[pixel] ?? 0;
              if (value > best) {
                best = value;
                at = pixel;
              }
            }
          }
          if (at >= 0) to[at] = (to[at] ?? 0) + (from[source] ?? 0);
          source += 1;
        }
      }
    }
  }
  return out;
};
