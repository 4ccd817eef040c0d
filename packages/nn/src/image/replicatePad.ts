import * as tf from '@tensorflow/tfjs-core';
import { REPLICATE_PAD, REPLICATE_PAD_GRADIENT } from '../kernels/images.js';
import { nativeUnpad } from './native.js';
import { runOwn } from './own.js';
import { rank4 } from './rank4.js';

type Axis = 1 | 2;

/** [n, h, w, c] with its border pixels repeated `size` times outwards. */
export function replicatePad(x: tf.Tensor4D, size: number): tf.Tensor4D {
  if (size === 0) return x;
  const op = tf.customGrad((...args) => {
    // TensorFlow.js types neither the inputs nor `save` of a custom gradient.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const [input] = args as unknown as [tf.Tensor4D];
    return {
      value: kernel(REPLICATE_PAD, { x: input }, size) ?? gathered(input, size),
      gradFunc: (dy: tf.Tensor) =>
        kernel(REPLICATE_PAD_GRADIENT, { dy }, size) ??
        (size === 1 ? nativeUnpad(dy) : null) ??
        folded(folded(rank4(dy), 1, size), 2, size),
    };
  });
  return rank4(op(x));
}

/** Of ours, where the backend has it. */
const kernel = (name: string, inputs: tf.NamedTensorMap, border: number): tf.Tensor | null =>
  tf.getKernel(name, tf.getBackend()) ? runOwn(name, inputs, { border }) : null;

/** Pixels of the padded image, taken from those that there are: copies alone, three times as fast as mirroring natively. */
function gathered(x: tf.Tensor4D, size: number): tf.Tensor4D {
  const [n, h, w, c] = x.shape;
  const within = (i: number, length: number): number => Math.min(length - 1, Math.max(0, i - size));
  const [height, width] = [h + 2 * size, w + 2 * size];
  const from = Int32Array.from(
    { length: height * width },
    (_, i) => within(Math.floor(i / width), h) * w + within(i % width, w),
  );
  const pixels = tf.gather(tf.reshape(x, [n, h * w, c]), tf.tensor1d(from, 'int32'), 1);
  return tf.reshape(pixels, [n, height, width, c]);
}

function part(x: tf.Tensor4D, axis: Axis, begin: number, size: number): tf.Tensor4D {
  const [n, h, w, c] = x.shape;
  return axis === 1
    ? tf.slice4d(x, [0, begin, 0, 0], [n, size, w, c])
    : tf.slice4d(x, [0, 0, begin, 0], [n, h, size, c]);
}

/** The transpose along one axis: what lies outside is added to the border. */
function folded(x: tf.Tensor4D, axis: Axis, size: number): tf.Tensor4D {
  const length = x.shape[axis] - 2 * size;
  const sumOf = (begin: number, count: number): tf.Tensor4D => tf.sum(part(x, axis, begin, count), axis, true);
  if (length === 1) return sumOf(0, 2 * size + 1);
  const edges = [sumOf(0, size + 1), sumOf(length + size - 1, size + 1)] as const;
  const inner = length > 2 ? [part(x, axis, size + 1, length - 2)] : [];
  return tf.concat4d([edges[0], ...inner, edges[1]], axis);
}
