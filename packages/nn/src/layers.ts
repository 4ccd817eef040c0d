import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream, Variables } from './contract.js';
import { convLayer } from './kernels/convLayer.js';
import { addVariable } from './variables.js';

type Size = number | [height: number, width: number];
/** `same` is TensorFlow's rule: out = ceil(in / stride), the odd pixel of padding at the end. Or how many zeros go around. */
export type Padding =
  | 'same'
  | 'valid'
  | { rows: [top: number, bottom: number]; columns: [left: number, right: number] };

const pair = (size: Size): [number, number] => (typeof size === 'number' ? [size, size] : size);
const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** PyTorch's default for conv and linear layers: weights and biases U(-1/sqrt(fanIn), 1/sqrt(fanIn)). */
function addWeights(
  variables: Variables,
  name: string,
  stream: RandomStream,
  shape: number[],
  fanIn: number,
  bias: number | null,
): void {
  const bound = 1 / Math.sqrt(fanIn);
  addVariable(variables, `${name}.kernel`, shape, stream.uniforms(product(shape), -bound, bound));
  if (bias !== null) addVariable(variables, `${name}.bias`, [bias], stream.uniforms(bias, -bound, bound));
}

export interface LayerSize {
  in: number;
  out: number;
  /** Default true. */
  bias?: boolean;
}

/** Adds `<name>.kernel` [height, width, in, out] and `<name>.bias` [out]; fan-in is in * height * width. */
export function addConv(
  variables: Variables,
  name: string,
  stream: RandomStream,
  size: LayerSize & { kernel: Size },
): void {
  const [h, w] = pair(size.kernel);
  const bias = size.bias === false ? null : size.out;
  addWeights(variables, name, stream, [h, w, size.in, size.out], size.in * h * w, bias);
}

/** Adds `<name>.kernel` [height, width, out, in] and `<name>.bias` [out]; fan-in is out * height * width, as in PyTorch. */
export function addConvTranspose(
  variables: Variables,
  name: string,
  stream: RandomStream,
  size: LayerSize & { kernel: Size },
): void {
  const [h, w] = pair(size.kernel);
  const bias = size.bias === false ? null : size.out;
  addWeights(variables, name, stream, [h, w, size.out, size.in], size.out * h * w, bias);
}

/** Adds `<name>.kernel` [in, out] and `<name>.bias` [out]. */
export function addDense(variables: Variables, name: string, stream: RandomStream, size: LayerSize): void {
  addWeights(variables, name, stream, [size.in, size.out], size.in, size.bias === false ? null : size.out);
}

function weight(variables: Variables, name: string): tf.Tensor {
  const variable = variables.get(name);
  if (!variable) throw new Error(`variable ${name} does not exist; there are ${[...variables.keys()].join(', ')}`);
  return variable;
}

const is2D = (tensor: tf.Tensor): tensor is tf.Tensor2D => tensor.rank === 2;
const is4D = (tensor: tf.Tensor): tensor is tf.Tensor4D => tensor.rank === 4;

function kernel2D(variables: Variables, layer: string): tf.Tensor2D {
  const kernel = weight(variables, `${layer}.kernel`);
  if (!is2D(kernel)) throw new Error(`layer ${layer} is not dense: its kernel has shape [${kernel.shape.join(', ')}]`);
  return kernel;
}

function kernel4D(variables: Variables, layer: string): tf.Tensor4D {
  const kernel = weight(variables, `${layer}.kernel`);
  if (!is4D(kernel))
    throw new Error(`layer ${layer} is no convolution: its kernel has shape [${kernel.shape.join(', ')}]`);
  return kernel;
}

function withBias<R extends tf.Rank>(variables: Variables, name: string, x: tf.Tensor<R>): tf.Tensor<R> {
  const bias = variables.get(`${name}.bias`);
  return bias ? tf.add(x, bias) : x;
}

export interface ConvOptions {
  /** Default 1. */
  stride?: Size;
  /** Default `same`. */
  pad?: Padding;
  /** A leaky ReLU of this slope after it, cheaper here than apart; default none. */
  slope?: number | null;
}

type Shape4 = [number, number, number, number];

/** [n, h, w, in] -> [n, h', w', out]. */
export function conv(variables: Variables, name: string, x: tf.Tensor4D, options: ConvOptions = {}): tf.Tensor4D {
  const { pad = 'same' } = options;
  if (typeof pad === 'string') return convolved(variables, name, x, null, { ...options, pad });
  // Padded first: the native backend takes no padding in numbers.
  const padded = tf.pad4d(x, [[0, 0], pad.rows, pad.columns, [0, 0]]);
  return convolved(variables, name, padded, null, { ...options, pad: 'valid' });
}

/** A convolution, or with `images` its transpose. */
function convolved(
  variables: Variables,
  name: string,
  x: tf.Tensor4D,
  images: Shape4 | null,
  { stride = 1, pad, slope = null }: ConvOptions & { pad: 'same' | 'valid' },
): tf.Tensor4D {
  const filter = kernel4D(variables, name);
  const bias = variables.get(`${name}.bias`);
  const strides = pair(stride);
  if (bias) return convLayer(x, filter, bias, { strides, pad, images, slope });
  const y = images === null ? tf.conv2d(x, filter, strides, pad) : tf.conv2dTranspose(x, filter, images, strides, pad);
  return slope === null ? y : leakyRelu(y, slope);
}

/** The transpose of `conv` from [n, h, w, out] to `size` = [h, w]: [n, h', w', in] -> [n, h, w, out]. */
export function convTranspose(
  variables: Variables,
  name: string,
  x: tf.Tensor4D,
  size: readonly [height: number, width: number],
  options: ConvOptions = {},
): tf.Tensor4D {
  const { pad = 'same' } = options;
  const [n, out] = [x.shape[0], kernel4D(variables, name).shape[2]];
  const [height, width] = size;
  if (typeof pad === 'string') return convolved(variables, name, x, [n, height, width, out], { ...options, pad });
  const [top, left] = [pad.rows[0], pad.columns[0]];
  const whole: Shape4 = [n, height + top + pad.rows[1], width + left + pad.columns[1], out];
  const image = convolved(variables, name, x, whole, { ...options, pad: 'valid' });
  return tf.slice4d(image, [0, top, left, 0], [n, height, width, out]);
}

/** [n, in] -> [n, out]. */
export function dense(variables: Variables, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return withBias(variables, name, tf.matMul(x, kernel2D(variables, name)));
}

/** max(x, slope * x). */
export function leakyRelu<T extends tf.Tensor>(x: T, slope: number): T {
  return tf.leakyRelu(x, slope);
}
