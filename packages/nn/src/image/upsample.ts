import * as tf from '@tensorflow/tfjs-core';
import { nativeResizeGradient } from './native.js';

/** Row i of [times n, n]: how much each of n pixels counts in pixel i of so many times as many (half-pixel centres, border repeated). */
function weights(n: number, times: number): tf.Tensor2D {
  const size = times * n;
  const matrix = new Float32Array(size * n);
  for (let i = 0; i < size; i += 1) {
    const at = (i + 0.5) / times - 0.5;
    const low = Math.floor(at);
    for (const [pixel, weight] of [
      [low, 1 - (at - low)],
      [low + 1, at - low],
    ] as const) {
      const index = i * n + Math.min(n - 1, Math.max(0, pixel));
      matrix[index] = (matrix[index] ?? 0) + weight;
    }
  }
  return tf.tensor2d(matrix, [size, n]);
}

/**
 * Bilinear interpolation to `times` the height and width, as torch's `Upsample(scale_factor=times, align_corners=False)`.
 * Two products with fixed matrices: TensorFlow.js has no right gradient of its resize with half-pixel centres.
 */
export function upsample(x: tf.Tensor4D, times: number): tf.Tensor4D {
  const [n, h, w, c] = x.shape;
  const [height, width] = [times * h, times * w];
  if (tf.getBackend() === 'tensorflow') return nativeUpsample(x, height, width);
  const rows = tf.matMul(tf.reshape(weights(h, times), [1, height, h]), tf.reshape(x, [n, h, w * c]));
  const columns = tf.matMul(tf.reshape(weights(w, times), [1, width, w]), tf.reshape(rows, [n * height, w, c]));
  return tf.reshape(columns, [n, height, width, c]);
}

export const upsampleTwice = (x: tf.Tensor4D): tf.Tensor4D => upsample(x, 2);

function nativeUpsample(x: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  const [n, , , c] = x.shape;
  const op = tf.customGrad((...args) => {
    // TensorFlow.js types neither the inputs nor `save` of a custom gradient.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const [input, save] = args as unknown as [tf.Tensor4D, tf.GradSaveFunc];
    save([input]);
    return {
      value: tf.image.resizeBilinear(input, [height, width], false, true),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => {
        const dx = saved ? nativeResizeGradient(dy, saved) : null;
        if (!dx) throw new Error('upsample: not on the native backend');
        return dx;
      },
    };
  });
  return tf.reshape(op(x), [n, height, width, c]);
}
