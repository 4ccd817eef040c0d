import * as tf from '@tensorflow/tfjs-core';

/** Sizes of a convolution of x [n, h, w, c] with a filter [fh, fw, c, k] to y [n, oh, ow, k]. */
export interface ConvGeometry {
  n: number;
  h: number;
  w: number;
  c: number;
  fh: number;
  fw: number;
  k: number;
  oh: number;
  ow: number;
  /** Strides. */
  sh: number;
  sw: number;
  /** Rows above and columns left of the image that the filter reads as zeros. */
  top: number;
  left: number;
}

/** `xShape` and `filterShape` in NHWC and HWIO; attributes as TensorFlow.js passes them to its convolution kernels. */
export function convGeometry(
  xShape: readonly number[],
  filterShape: readonly number[],
  attributes: tf.NamedAttrMap,
): ConvGeometry {
  // TensorFlow.js passes shapes and attributes untyped.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const attrs = attributes as unknown as tf.Conv2DBackpropFilterAttrs;
  if (attrs.dataFormat !== 'NHWC') throw new Error(`convolution: data format ${attrs.dataFormat}; allowed: NHWC`);
  const [n = 0, h = 0, w = 0, c = 0] = xShape;
  const [fh = 0, fw = 0, , k = 0] = filterShape;
  const info = tf.backend_util.computeConv2DInfo(
    [n, h, w, c],
    [fh, fw, c, k],
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
  return {
    n,
    h,
    w,
    c,
    fh,
    fw,
    k,
    oh: info.outHeight,
    ow: info.outWidth,
    sh: info.strideHeight,
    sw: info.strideWidth,
    top: info.padInfo.top,
    left: info.padInfo.left,
  };
}

/** A shape among a kernel's attributes. */
export function shapeAttribute(attrs: tf.NamedAttrMap, name: string): number[] {
  const shape = attrs[name];
  if (!Array.isArray(shape)) throw new Error(`attribute ${name}: wanted a shape`);
  return shape.map(Number);
}
