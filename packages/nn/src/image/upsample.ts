import * as tf from '@tensorflow/tfjs-core';
import { interpolated } from '../kernels/axisMaps.js';
import { UPSAMPLE, UPSAMPLE_GRADIENT } from '../kernels/images.js';
import { nativeResizeGradient } from './native.js';
import { runOwn } from './own.js';
import { rank4 } from './rank4.js';
import { replicatePad } from './replicatePad.js';

/** Row i of [times n, n]: how much each of n pixels counts in pixel i of so many times as many. */
function weights(n: number, times: number): tf.Tensor2D {
  const matrix = new Float32Array(times * n * n);
  interpolated(n, times).forEach((terms, i) => {
    for (const [pixel, weight] of terms) matrix[i * n + pixel] = (matrix[i * n + pixel] ?? 0) + weight;
  });
  return tf.tensor2d(matrix, [times * n, n]);
}

/**
 * Bilinear interpolation to `times` the height and width, as torch's `Upsample(scale_factor=times, align_corners=False)`, with
 * so many pixels around that repeat the outermost ones. Without a kernel of its own two products with fixed matrices: TensorFlow.js has no right gradient of its resize with half-pixel centres.
 */
export function upsample(x: tf.Tensor4D, times: number, border = 0): tf.Tensor4D {
  if (tf.getKernel(UPSAMPLE, tf.getBackend())) return byKernel(x, { times, border });
  const [, h, w] = x.shape;
  return replicatePad(
    tf.getBackend() === 'tensorflow' ? nativeUpsample(x, times * h, times * w) : byProducts(x, times),
    border,
  );
}

export const upsampleTwice = (x: tf.Tensor4D, border = 0): tf.Tensor4D => upsample(x, 2, border);

function byProducts(x: tf.Tensor4D, times: number): tf.Tensor4D {
  const [n, h, w, c] = x.shape;
  const [height, width] = [times * h, times * w];
  const rows = tf.matMul(tf.reshape(weights(h, times), [1, height, h]), tf.reshape(x, [n, h, w * c]));
  const columns = tf.matMul(tf.reshape(weights(w, times), [1, width, w]), tf.reshape(rows, [n * height, w, c]));
  return tf.reshape(columns, [n, height, width, c]);
}

function byKernel(x: tf.Tensor4D, attributes: { times: number; border: number }): tf.Tensor4D {
  const op = tf.customGrad((...args) => {
    // TensorFlow.js types neither the inputs nor `save` of a custom gradient.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const [input] = args as unknown as [tf.Tensor4D];
    return {
      value: runOwn(UPSAMPLE, { x: input }, attributes),
      gradFunc: (dy: tf.Tensor) => runOwn(UPSAMPLE_GRADIENT, { dy }, attributes),
    };
  });
  return rank4(op(x));
}

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
