import * as tf from '@tensorflow/tfjs-core';
import type { TFEOpAttr } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';
import { isNative } from '../kernels/native.js';

/* TensorFlow's own gradient ops, which TensorFlow.js replaces by several or calls wrongly; null on another backend. */

type Call = (op: string, attrs: TFEOpAttr[], inputs: tf.Tensor[]) => tf.Tensor;

interface Native {
  call: Call;
  type(name: string, dtype?: 'float32' | 'int32'): TFEOpAttr;
  flag(name: string, value: boolean): TFEOpAttr;
  text(name: string, value: string): TFEOpAttr;
}

function native(): Native | null {
  const backend = tf.backend();
  if (!isNative(backend)) return null;
  const { TF_ATTR_TYPE, TF_ATTR_BOOL, TF_ATTR_STRING, TF_FLOAT, TF_INT32 } = backend.binding;
  return {
    call: (op, attrs, inputs) => backend.executeSingleOutput(op, attrs, inputs),
    type: (name, dtype = 'float32') => ({
      name,
      type: TF_ATTR_TYPE,
      value: dtype === 'int32' ? TF_INT32 : TF_FLOAT,
    }),
    flag: (name, value) => ({ name, type: TF_ATTR_BOOL, value }),
    text: (name, value) => ({ name, type: TF_ATTR_STRING, value }),
  };
}

/** The transpose of padding [n, h, w, c] by one pixel, the border repeated. */
export function nativeUnpad(dy: tf.Tensor): tf.Tensor | null {
  const ops = native();
  if (!ops) return null;
  const paddings = tf.tensor2d([0, 0, 1, 1, 1, 1, 0, 0], [4, 2], 'int32');
  const attrs = [ops.type('T'), ops.type('Tpaddings', 'int32'), ops.text('mode', 'SYMMETRIC')];
  return ops.call('MirrorPadGrad', attrs, [dy, paddings]);
}

/** The transpose of bilinear interpolation with half-pixel centres, to the size of `x`. */
export function nativeResizeGradient(dy: tf.Tensor, x: tf.Tensor): tf.Tensor | null {
  const ops = native();
  if (!ops) return null;
  const attrs = [ops.type('T'), ops.flag('align_corners', false), ops.flag('half_pixel_centers', true)];
  return ops.call('ResizeBilinearGrad', attrs, [dy, x]);
}
