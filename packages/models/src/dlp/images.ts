import * as tf from '@tensorflow/tfjs-core';

/* Image quality as piqa 1.3.1 has it. Images [n, rows, channels, columns] in 0..1; one number an image. */

const TAPS = 11;
const SIGMA = 1.5;

/** 10 log10(1 / (mse + 1e-8)), [n]. */
export function psnrOf(x: tf.Tensor4D, y: tf.Tensor4D): tf.Tensor1D {
  const mse = tf.mean(tf.square(tf.sub(x, y)), [1, 2, 3]);
  return tf.reshape(tf.mul(tf.log(tf.add(mse, 1e-8)), -10 / Math.LN10), [x.shape[0]]);
}

/** Row i weighs the 11 pixels from i on: [size - 10, size]. */
function gaussianRows(size: number): tf.Tensor2D {
  const taps = Array.from({ length: TAPS }, (_, i) => Math.exp(-((i - (TAPS - 1) / 2) ** 2) / (2 * SIGMA ** 2)));
  const total = taps.reduce((a, b) => a + b, 0);
  const rows = size - TAPS + 1;
  const matrix = new Float32Array(rows * size);
  for (let i = 0; i < rows; i += 1) taps.forEach((tap, j) => (matrix[i * size + i + j] = tap / total));
  return tf.tensor2d(matrix, [rows, size]);
}

/** Structural similarity (Wang et al. 2004): Gaussian windows of 11 pixels within the image, channels alike, [n]. */
export function ssim(x: tf.Tensor4D, y: tf.Tensor4D): tf.Tensor1D {
  const [n, h, c, w] = x.shape;
  const [rows, columns] = [gaussianRows(h), gaussianRows(w)];
  const blurred = (of: tf.Tensor): tf.Tensor => {
    const byRow = tf.matMul(tf.tile(tf.expandDims(rows, 0), [n, 1, 1]), tf.reshape(of, [n, h, c * w]));
    return tf.matMul(tf.reshape<tf.Rank.R2>(byRow, [-1, w]), columns, false, true);
  };
  const [mx, my] = [blurred(x), blurred(y)];
  const [xx, yy, xy] = [tf.square(mx), tf.square(my), tf.mul(mx, my)];
  const [vx, vy] = [tf.sub(blurred(tf.square(x)), xx), tf.sub(blurred(tf.square(y)), yy)];
  const covariance = tf.sub(blurred(tf.mul(x, y)), xy);
  const [c1, c2] = [0.01 ** 2, 0.03 ** 2];
  const contrast = tf.div(tf.add(tf.mul(covariance, 2), c2), tf.add(tf.add(vx, vy), c2));
  const light = tf.div(tf.add(tf.mul(xy, 2), c1), tf.add(tf.add(xx, yy), c1));
  return tf.reshape(tf.mean(tf.reshape(tf.mul(light, contrast), [n, -1]), 1), [n]);
}
