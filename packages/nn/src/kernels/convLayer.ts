import * as tf from '@tensorflow/tfjs-core';
import { BIAS_GRADIENT, leakyReluGradient } from './gradients.js';

/** A kernel of ours: leakyRelu(conv(x, filter) + bias), or with the transpose of conv. */
const CONV_LAYER = 'ConvLayer';

export interface ConvLayer {
  strides: [number, number];
  pad: 'same' | 'valid';
  /** Shape of the images that a transposed convolution makes; null for a convolution proper. */
  images: number[] | null;
  /** Of the leaky ReLU; null for none. */
  slope: number | null;
}

/**
 * [n, h, w, c] -> [n, h', w', k]. One entry of the tape: of ops apart it keeps the sum and its activation for the way
 * back, and all gradients on it until its end. This keeps y alone, and frees what it has used (BehaveNet's network, 100
 * frames of 128x128: 1,145 MB at most instead of 1,630).
 */
export function convLayer(x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor, layer: ConvLayer): tf.Tensor4D {
  const inputs = { x, filter, bias };
  // A kernel's attributes may not be null.
  const attrs = { ...layer, images: layer.images ?? [], slope: layer.slope ?? NO_SLOPE };
  return tf.engine().runKernel<tf.Tensor4D>(CONV_LAYER, inputs, attrs);
}

const NO_SLOPE = 1;

const settings = ({ strides, pad }: ConvLayer) => ({ strides, pad, dataFormat: 'NHWC', dilations: 1 });
const run = (kernel: string, inputs: tf.NamedTensorMap, attrs: object): tf.Tensor =>
  tf.engine().runKernel(kernel, inputs, { ...attrs });

/** Linear in `x`. With `images`, the way back from y to the images. */
function convolved(x: tf.Tensor, filter: tf.Tensor, layer: ConvLayer, images: number[] | null): tf.Tensor {
  if (images === null) return run(tf.Conv2D, { x, filter }, settings(layer));
  return run(tf.Conv2DBackpropInput, { dy: x, filter }, { ...settings(layer), inputShape: images });
}

/** `f(x)`, and `x` is gone. */
function from(x: tf.Tensor, f: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  const y = f(x);
  x.dispose();
  return y;
}

function forward(x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor, layer: ConvLayer): tf.Tensor {
  const { slope } = layer;
  const sum = from(convolved(x, filter, layer, layer.images), (y) => tf.add(y, bias));
  return slope === null ? sum : from(sum, (y) => tf.leakyRelu(y, slope));
}

/** Adds the kernel to a backend; again is harmless. */
export function registerConvLayer(backendName: string): void {
  if (tf.getKernel(CONV_LAYER, backendName)) return;
  tf.registerKernel({
    kernelName: CONV_LAYER,
    backendName,
    kernelFunc({ inputs: { x, filter, bias }, attrs }) {
      if (!isTensor(x) || !isTensor(filter) || !isTensor(bias)) throw new Error(`${CONV_LAYER}: wanted tensors`);
      return tf.tidy(() => forward(x, filter, bias, layerOf(attrs)));
    },
  });
}

/** Gradients by x that only the layer before will read, once. */
const passedOn = new WeakSet<tf.Tensor>();

export function registerConvLayerGradient(): void {
  tf.registerGradient({
    kernelName: CONV_LAYER,
    inputsToSave: ['x', 'filter'],
    outputsToSave: [true],
    gradFunc(dy, saved, attrs) {
      const [x, filter, y] = saved;
      if (Array.isArray(dy) || !x || !filter || !y) throw new Error(`${CONV_LAYER}: wanted one dy, x, filter and y`);
      const layer = layerOf(attrs);
      const { slope } = layer;
      const dz = slope === null ? tf.clone(dy) : leakyReluGradient(dy, y, slope);
      if (passedOn.has(dy)) dy.dispose();
      const filterAttrs = { ...settings(layer), filterShape: filter.shape };
      return {
        x() {
          const dx = convolved(dz, filter, layer, layer.images === null ? x.shape : null);
          passedOn.add(dx);
          return dx;
        },
        filter: () =>
          layer.images === null
            ? run(tf.Conv2DBackpropFilter, { x, dy: dz }, filterAttrs)
            : run(tf.Conv2DBackpropFilter, { x: dz, dy: x }, filterAttrs),
        // The last, since TensorFlow.js asks in the order of the inputs. Without a bias to train, all stays until the end.
        bias() {
          const gradient = biasGradient(dz);
          for (const used of [dz, ...saved]) used.dispose();
          return gradient;
        },
      };
    },
  });
}

function biasGradient(dz: tf.Tensor): tf.Tensor {
  if (tf.getKernel(BIAS_GRADIENT, tf.getBackend())) return run(BIAS_GRADIENT, { dz }, {});
  return tf.sum(dz, [0, 1, 2]);
}

const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;

function layerOf(attributes: tf.NamedAttrMap | undefined): ConvLayer {
  // TensorFlow.js passes attributes untyped.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { images, slope, ...rest } = attributes as unknown as ConvLayer & { images: number[] };
  return { ...rest, images: images.length === 0 ? null : images, slope: slope === NO_SLOPE ? null : slope };
}
