import * as tf from '@tensorflow/tfjs-core';
import type { ConvGeometry } from '../convGeometry.js';
import { convGeometry, shapeAttribute } from '../convGeometry.js';
import type { Patches } from '../patches.js';
import { patchesOf } from '../patches.js';
import { registerCpuKernel } from './replace.js';

/**
 * Convolutions as products of matrices where that is faster than oneDNN's: where the filter is larger than the
 * images. One core, forward, input and filter gradient; 4x4x256 -> 1x1x512, stride 5, batch 32: 20, 26 and 34 ms
 * against 7, 6 and 8; 8x8x256 -> 2x2x512, batch 100: 120, 180 and 315 ms against 41, 49 and 40. With more rows than
 * taps oneDNN is as fast or faster.
 */
export function registerNativeConvolutions(): void {
  registerCpuKernel(tf.Conv2D, ({ x, filter }, attrs) => {
    if (!x || !filter || [attrs['dilations'] ?? 1].flat().some((dilation) => dilation !== 1)) return null;
    const g = geometry(x.shape, filter.shape, attrs);
    const patches = g && fewerRows(g);
    if (!patches) return null;
    const y = tf.matMul(taken(x, patches), tf.reshape(filter, [patches.window, g.k]));
    return tf.reshape(y, [g.n, g.oh, g.ow, g.k]);
  });

  registerCpuKernel(tf.Conv2DBackpropInput, ({ dy, filter }, attrs) => {
    if (!dy || !filter) return null;
    const g = geometry(shapeAttribute(attrs, 'inputShape'), filter.shape, attrs);
    const patches = g && fewerRows(g);
    if (!patches) return null;
    const { rows, window } = patches;
    const weights = tf.reshape(filter, [window, g.k]);
    return putBack(tf.matMul(tf.reshape(dy, [rows, g.k]), weights, false, true), patches, g);
  });

  registerCpuKernel(tf.Conv2DBackpropFilter, ({ x, dy }, attrs) => {
    if (!x || !dy) return null;
    const g = geometry(x.shape, shapeAttribute(attrs, 'filterShape'), attrs);
    const patches = g && fewerRows(g);
    if (!patches) return null;
    const gradient = tf.matMul(taken(x, patches), tf.reshape(dy, [patches.rows, g.k]), true);
    return tf.reshape(gradient, [g.fh, g.fw, g.c, g.k]);
  });
}

function geometry(x: readonly number[], filter: readonly number[], attrs: tf.NamedAttrMap): ConvGeometry | null {
  return attrs['dataFormat'] === 'NHWC' ? convGeometry(x, filter, attrs) : null;
}

function fewerRows(g: ConvGeometry): Patches | null {
  const patches = patchesOf(g);
  return patches && patches.rows < patches.window ? patches : null;
}

/** x as [rows, window]. */
function taken(x: tf.Tensor, { padded, split, perm, moves, rows, window }: Patches): tf.Tensor2D {
  const whole = padded ? tf.pad(x, [[0, 0], padded.rows, padded.columns, [0, 0]]) : x;
  const inOrder = moves ? tf.transpose(tf.reshape(whole, split), perm) : whole;
  return tf.reshape(inOrder, [rows, window]);
}

/** [rows, window] as an image of x's shape. */
function putBack(values: tf.Tensor, { padded, gathered, perm, moves }: Patches, g: ConvGeometry): tf.Tensor {
  const inOrder = moves ? tf.transpose(tf.reshape(values, gathered), perm) : values;
  const shape = [g.n, g.h, g.w, g.c];
  if (!padded) return tf.reshape(inOrder, shape);
  return tf.slice(tf.reshape(inOrder, padded.shape), [0, padded.rows[0], padded.columns[0], 0], shape);
}
