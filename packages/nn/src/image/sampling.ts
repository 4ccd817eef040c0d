import * as tf from '@tensorflow/tfjs-core';
import { split } from '../split.js';

/*
 * Spatial transformers (Jaderberg et al. 2015) that scale and shift but do not turn. Bilinear sampling then takes rows
 * and columns apart: a glimpse is R X C', where row i of R holds the two bilinear weights of glimpse row i over the
 * image's rows, and C the same of columns. Two batched products, forward and backward, for all glimpses at once.
 *
 * Coordinates run from -1 in the middle of the first pixel to 1 in the middle of the last (align_corners); outside of
 * the image all is 0. Positions and scales are (row, column).
 */

/**
 * w[b, i, r] = max(0, 1 - |at[b, i] - r|) for r = 0..size-1: weights [b, n, size] of pixels for places [b, n].
 * At a whole number the slope is that of the right-hand side, as torch's grid_sample has it.
 */
function hatWeights(at: tf.Tensor2D, size: number): tf.Tensor3D {
  const [b, n] = at.shape;
  const op = tf.customGrad((...args) => {
    // TensorFlow.js types neither the inputs nor `save` of a custom gradient.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const [places, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    const offset = tf.sub(tf.expandDims(places, 2), tf.range(0, size));
    save([offset]);
    return {
      value: tf.relu(tf.sub(1, tf.abs(offset))),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [u] = saved;
        if (!u) throw new Error('hatWeights: nothing saved');
        // -1 on [0, 1), +1 on [-1, 0), 0 elsewhere.
        const from = (least: number): tf.Tensor => tf.cast(tf.greaterEqual(u, least), 'float32');
        const slope = tf.add(tf.sub(from(-1), tf.mul(from(0), 2)), from(1));
        return [tf.reshape(tf.sum(tf.mul(dy, slope), 2), [b, n])];
      },
    };
  });
  return tf.reshape(op(at), [b, n, size]);
}

/** n places from -1 to 1 as [1, n]. */
const grid = (n: number): tf.Tensor2D => tf.reshape(tf.linspace(-1, 1, n), [1, n]);

const pixels = (places: tf.Tensor, size: number): tf.Tensor2D =>
  tf.reshape(tf.mul(tf.add(places, 1), (size - 1) / 2), [places.shape[0] ?? 0, -1]);

/** Along one axis, where the pixels of a glimpse of `side` lie in an image of `size`: [b, 1] each to [b, side]. */
function inImage(position: tf.Tensor2D, scale: tf.Tensor2D, side: number, size: number): tf.Tensor2D {
  return pixels(tf.add(tf.mul(scale, grid(side)), position), size);
}

/** Along one axis, where the pixels of a canvas of `size` lie in a glimpse of `side`: [b, 1] each to [b, size]. */
function inGlimpse(position: tf.Tensor2D, scale: tf.Tensor2D, side: number, size: number): tf.Tensor2D {
  const inverse = tf.reciprocal(tf.add(scale, 1e-9));
  return pixels(tf.mul(tf.sub(grid(size), position), inverse), side);
}

/**
 * Glimpses of `side` pixels: `images` [n, height, c, width] (rows, channels, columns: products need no copy), position and
 * scale [n * k, 2] of k glimpses of each image in turn -> [n * k, side, side, c].
 */
export function extractGlimpses(
  images: tf.Tensor4D,
  position: tf.Tensor2D,
  scale: tf.Tensor2D,
  side: number,
): tf.Tensor4D {
  const [n, height, c, width] = images.shape;
  const b = position.shape[0];
  const [[row, column], [tall, wide]] = [split(position, [1, 1], 1), split(scale, [1, 1], 1)];
  const rows = hatWeights(inImage(row, tall, side, height), height);
  const columns = hatWeights(inImage(column, wide, side, width), width);
  const byRow = tf.matMul(tf.reshape(rows, [n, (b / n) * side, height]), tf.reshape(images, [n, height, c * width]));
  const both = tf.matMul(tf.reshape(byRow, [b, side * c, width]), columns, false, true);
  return tf.transpose(tf.reshape(both, [b, side, c, side]), [0, 1, 3, 2]);
}

/** The inverse: glimpses [b, side, side, c] on empty canvases [b, height, c, width], at position and scale [b, 2]. */
export function placeGlimpses(
  glimpses: tf.Tensor4D,
  position: tf.Tensor2D,
  scale: tf.Tensor2D,
  [height, width]: readonly [height: number, width: number],
): tf.Tensor4D {
  const [b, sideRows, sideColumns, c] = glimpses.shape;
  const [[row, column], [tall, wide]] = [split(position, [1, 1], 1), split(scale, [1, 1], 1)];
  const rows = hatWeights(inGlimpse(row, tall, sideRows, height), sideRows);
  const columns = hatWeights(inGlimpse(column, wide, sideColumns, width), sideColumns);
  const channelsInside = tf.transpose(glimpses, [0, 1, 3, 2]);
  const byRow = tf.matMul(rows, tf.reshape(channelsInside, [b, sideRows, c * sideColumns]));
  const both = tf.matMul(tf.reshape(byRow, [b, height * c, sideColumns]), columns, false, true);
  return tf.reshape(both, [b, height, c, width]);
}
