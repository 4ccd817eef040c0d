import * as tf from '@tensorflow/tfjs-core';
import { nativeResizeGradient } from './native.js';

/** Row i of [2n, n]: how much each of n pixels counts in pixel i of twice as many (half-pixel centres, border repeated). */
function weights(n: number): tf.Tensor2D {
  const matrix = new Float32Array(2 * n * n);
  for (let i = 0; i < 2 * n; i += 1) {
    const at = (i + 0.5) / 2 - 0.5;
    const low = Math.floor(at);
    for (const [pixel, weight] of [
      [low, 1 - (at - low)],
      [low + 1, at - low],
    ] as const) {
      const index = i * n + Math.min(n - 1, Math.max(0, pixel));
      matrix[index] = (matrix[index] ?? 0) + weight;
    }
  }
  return tf.tensor2d(matrix, [2 * n, n]);
}

/**
 * Bilinear interpolation to twice the height and width, as torch's `Upsample(scale_factor=2, align_corners=False)`.
 * Two products with fixed matrices: TensorFlow.js has no right gradient of its resize with half-pixel centres.
 */
export function upsampleTwice(x: tf.Tensor4D): tf.Tensor4D {
  const [n, h, w, c] = x.shape;
  if (tf.getBackend() === 'tensorflow') return nativeUpsample(x);
  const rows = tf.matMul(tf.reshape(weights(h), [1, 2 * h, h]), tf.reshape(x, [n, h, w * c]));
  const columns = tf.matMul(tf.reshape(weights(w), [1, 2 * w, w]), tf.reshape(rows, [n * 2 * h, w, c]));
  return tf.reshape(columns, [n, 2 * h, 2 * w, c]);
}

function nativeUpsample(x: tf.Tensor4D): tf.Tensor4D {
  const [n, h, w, c] = x.shape;
  const op = tf.customGrad((...args) => {
    // TensorFlow.js types neither the inputs nor `save` of a custom gradient.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const [input, save] = args as unknown as [tf.Tensor4D, tf.GradSaveFunc];
    save([input]);
    return {
      value: tf.image.resizeBilinear(input, [2 * h, 2 * w], false, true),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => {
        const dx = saved ? nativeResizeGradient(dy, saved) : null;
        if (!dx) throw new Error('upsampleTwice: not on the native backend');
        return dx;
      },
    };
  });
  return tf.reshape(op(x), [n, 2 * h, 2 * w, c]);
}
