import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../errors.js';

/** A kernel of ours where a backend has one: dy * (y > 0 ? 1 : alpha), from `dy` and `y`. */
export const LEAKY_RELU_GRADIENT = 'LeakyReluGradient';

/** A kernel of ours where a backend has one: the sum of `dz` over all axes but the last. */
export const BIAS_GRADIENT = 'BiasGradient';

export function leakyReluGradient(dy: tf.Tensor, y: tf.Tensor, alpha: number): tf.Tensor {
  if (alpha < 0) throw new Error(`leakyRelu: slope ${alpha}; allowed: 0 or more`);
  return tf.getKernel(LEAKY_RELU_GRADIENT, tf.getBackend())
    ? tf.engine().runKernel(LEAKY_RELU_GRADIENT, { dy, y }, { alpha })
    : tf.mul(dy, tf.step(y, alpha));
}

let registered = false;

/** Replaces the gradients of TensorFlow.js 4.22 that are wrong or slow. Again is harmless. */
export function registerGradients(): void {
  if (registered) return;
  registered = true;
  /*
   * TensorFlow.js selects between dy and alpha dy by a mask (32 ms for a million values on wasm); this multiplies by
   * a step (1.8 ms). It reads the sign off y, so that x need not be kept.
   */
  tf.registerGradient({
    kernelName: tf.LeakyRelu,
    outputsToSave: [true],
    gradFunc(dy, [y], attrs) {
      const alpha = Number(attrs['alpha']);
      if (Array.isArray(dy) || !y) throw new Error('LeakyRelu: wanted one dy and its output');
      return { x: () => leakyReluGradient(dy, y, alpha) };
    },
  });

  // TensorFlow.js multiplies by a step that it casts; four ops for one.
  tf.registerGradient({
    kernelName: tf.Relu,
    outputsToSave: [true],
    gradFunc(dy, [y]) {
      if (Array.isArray(dy) || !y) throw new Error('Relu: wanted one dy and its output');
      return { x: () => leakyReluGradient(dy, y, 0) };
    },
  });

  // TensorFlow.js multiplies by ones, which it makes on the host and uploads.
  const sum = tf.getGradient(tf.Sum);
  tf.registerGradient({
    ...sum,
    gradFunc(dy, saved, attrs) {
      const [x] = saved;
      if (Array.isArray(dy) || !x || x.size === 0 || tf.getBackend() !== 'tensorflow')
        return sum.gradFunc(dy, saved, attrs);
      const axes = new Set(
        [attrs['axis'] ?? [...x.shape.keys()]].flat().map((axis) => (Number(axis) + x.rank) % x.rank),
      );
      const kept = x.shape.map((size, axis) => (axes.has(axis) ? 1 : size));
      return { x: () => tf.broadcastTo(tf.reshape(dy, kept), x.shape) };
    },
  });

  // TensorFlow.js transposes the result when the axis is not the last: wrong numbers, or a wrong shape.
  tf.registerGradient({
    kernelName: tf.Cumsum,
    gradFunc(dy, _saved, attrs) {
      if (Array.isArray(dy)) throw new Error('Cumsum: wanted one dy');
      return {
        x: (): tf.Tensor => tf.cumsum(dy, Number(attrs['axis']), Boolean(attrs['exclusive']), !attrs['reverse']),
      };
    },
  });

  // The gradient kernels of wasm and cpu forget about half-pixel centres ...
  refuse(tf.ResizeBilinear, (attrs) => Boolean(attrs['halfPixelCenters']), 'with half-pixel centres; use alignCorners');
  // ... and divide by the whole window where it lies half outside of the image.
  refuse(tf.AvgPool, (attrs) => attrs['pad'] !== 'valid', "with padding; pad the image and use 'valid'");
}

/** Makes a gradient that is wrong on wasm and cpu throw there. */
function refuse(kernelName: string, wrong: (attrs: tf.NamedAttrMap) => boolean, what: string): void {
  const original = tf.getGradient(kernelName);
  tf.registerGradient({
    ...original,
    gradFunc(dy, saved, attrs) {
      const backend = tf.getBackend();
      if (wrong(attrs) && backend !== 'tensorflow')
        throw new BackendError(`${kernelName}: ${backend} has no gradient ${what}`);
      return original.gradFunc(dy, saved, attrs);
    },
  });
}
