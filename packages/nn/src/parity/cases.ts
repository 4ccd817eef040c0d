import * as tf from '@tensorflow/tfjs-core';
import { convLayer } from '../kernels/convLayer.js';
import { groupNorm } from '../image/groupNorm.js';
import { replicatePad } from '../image/replicatePad.js';
import { extractGlimpses, placeGlimpses } from '../image/sampling.js';
import { split } from '../split.js';
import { upsample, upsampleTwice } from '../image/upsample.js';

type Op = (...inputs: tf.Tensor[]) => tf.Tensor;

/** One op on inputs of these shapes, standard normals. */
export interface ParityCase {
  name: string;
  shapes: number[][];
  op: Op;
  /** Applied to every drawn value, where the op's domain is smaller. */
  domain?: (value: number) => number;
  /** False where TensorFlow.js has no gradient on any backend. */
  gradient?: false;
  /** Why the cpu backend's gradient is no measure. */
  cpuWrong?: string;
  /** Skipped on tfjs-node-gpu, with the reason. */
  notNative?: string;
}

type Pad = Parameters<typeof tf.conv2d>[3];
type Shape4 = [number, number, number, number];

const is4D = (x: tf.Tensor): x is tf.Tensor4D => x.rank === 4;
function four(x: tf.Tensor): tf.Tensor4D {
  if (!is4D(x)) throw new Error(`wanted rank 4, got [${x.shape.join(', ')}]`);
  return x;
}

/** x [n, h, w, c] and filter [fh, fw, c, k]; covers Conv2D, its input gradient and its filter gradient. */
function conv(x: Shape4, filter: Shape4, strides: number | [number, number], pad: Pad): ParityCase {
  const name = `conv [${x.join(' ')}] * [${filter.join(' ')}] / ${String(strides)} ${JSON.stringify(pad)}`;
  const native = Array.isArray(pad)
    ? { notNative: 'TensorFlow takes no explicit padding here; conv() pads first' }
    : {};
  return { name, shapes: [x, filter], op: (a, b) => tf.conv2d(four(a), four(b), strides, pad), ...native };
}

/** The transpose of conv: y [n, oh, ow, k] to x [n, h, w, c]. */
function transposed(
  y: Shape4,
  filter: Shape4,
  x: Shape4,
  strides: number | [number, number],
  pad: 'same' | 'valid',
): ParityCase {
  const name = `transposed conv [${y.join(' ')}] * [${filter.join(' ')}] -> [${x.join(' ')}] / ${String(strides)} ${pad}`;
  return { name, shapes: [y, filter], op: (a, b) => tf.conv2dTranspose(four(a), four(b), x, strides, pad) };
}

/** The fused layer on x [n, h, w, c], filter [fh, fw, c, k] and bias [k]; with `images` its transpose. */
function layer(
  x: Shape4,
  filter: Shape4,
  options: { stride: number; slope: number | null; images?: Shape4 },
): ParityCase {
  const { stride, slope, images = null } = options;
  const name = `layer [${x.join(' ')}] * [${filter.join(' ')}] / ${stride}, slope ${slope}, images ${images?.join(' ')}`;
  const settings = { strides: [stride, stride] as [number, number], pad: 'same' as const, images, slope };
  const shapes = [x, filter, [images === null ? filter[3] : filter[2]]];
  return { name, shapes, op: (a, b, bias) => convLayer(four(a), four(b), bias, settings) };
}

type Options = Pick<ParityCase, 'domain' | 'gradient' | 'cpuWrong'>;

const of = (shape: number[], name: string, op: (x: tf.Tensor) => tf.Tensor, options: Options = {}): ParityCase => ({
  name,
  shapes: [shape],
  op,
  ...options,
});

const unary = (name: string, op: (x: tf.Tensor) => tf.Tensor, domain?: (value: number) => number): ParityCase =>
  of([3, 4, 5], name, op, domain ? { domain } : {});

const binary = (
  name: string,
  a: number[],
  b: number[],
  op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  options: Options = {},
): ParityCase => ({ name, shapes: [a, b], op, ...options });

const flat = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [x.shape[0] ?? 0, -1]);
const positive = (value: number): number => Math.abs(value) + 0.1;
/** Far from ties. */
const spread = (value: number): number => 10 * value;
const inside = (value: number): number => Math.tanh(value) * 0.9;
const cropped = (x: tf.Tensor4D): tf.Tensor4D =>
  tf.image.cropAndResize(x, tf.tensor2d([[0, 0, 0.5, 1]]), indices([1]), [3, 4]);
const indices = (values: number[]): tf.Tensor1D => tf.tensor1d(values, 'int32');

/** Three glimpses or canvases; [n, 2] positions and scales. */
const places = (n: number): tf.Tensor2D =>
  tf.tensor2d(Array.from({ length: n }, (_, i) => [0.31 * i - 0.4, 0.27 - 0.2 * i]));
const scales = (n: number): tf.Tensor2D => tf.tensor2d(Array.from({ length: n }, (_, i) => [0.3 + 0.1 * i, 0.45]));
const normed = (x: tf.Tensor, options: { relu: boolean; border?: number }): tf.Tensor =>
  groupNorm(four(x), ofChannels(x, 0.5, 1.5), ofChannels(x, 1, 2.5), { groups: 4, epsilon: 1e-4, ...options });
/** One number for each of its channels. */
const ofChannels = (x: tf.Tensor, from: number, to: number): tf.Tensor1D => tf.linspace(from, to, x.shape.at(-1) ?? 0);
/** Of gamma and beta too. */
const scaled = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor =>
  groupNorm(four(x), tf.reshape(gamma, [6]), tf.reshape(beta, [6]), {
    groups: 2,
    epsilon: 1e-4,
    relu: false,
    border: 1,
  });

const SWAPPED = 'it mixes up height and width, or rows';

export const PARITY_CASES: readonly ParityCase[] = [
  conv([2, 9, 9, 3], [3, 3, 3, 4], 1, 'same'),
  conv([2, 9, 9, 3], [3, 3, 3, 4], 1, 'valid'),
  conv([2, 8, 8, 3], [3, 3, 3, 4], 2, 'same'),
  conv([2, 9, 7, 3], [3, 3, 3, 4], 2, 'same'),
  conv([2, 9, 7, 3], [3, 3, 3, 4], 2, 'valid'),
  conv([2, 11, 8, 9], [5, 3, 9, 10], 2, 'same'),
  conv([2, 11, 8, 9], [3, 5, 9, 10], 2, 'valid'),
  conv([3, 12, 9, 8], [5, 5, 8, 12], 3, 'same'),
  conv([2, 13, 10, 8], [5, 5, 8, 4], 3, 'valid'),
  conv([2, 8, 8, 16], [5, 5, 16, 8], 5, 'same'),
  conv([2, 12, 9, 9], [5, 5, 9, 8], 5, 'same'),
  conv([2, 12, 9, 9], [5, 5, 9, 8], 5, 'valid'),
  conv([2, 10, 10, 9], [5, 5, 9, 8], 5, 'valid'),
  conv([8, 12, 12, 9], [2, 2, 9, 8], 3, 'valid'),
  conv([8, 12, 12, 9], [2, 2, 9, 8], 3, 'same'),
  conv([6, 10, 12, 9], [5, 4, 9, 8], [2, 3], 'same'),
  conv([6, 10, 12, 9], [4, 5, 9, 8], [3, 1], 'valid'),
  conv([1, 37, 19, 8], [5, 3, 8, 8], [2, 1], 'same'),
  conv([6, 10, 10, 9], [1, 1, 9, 8], 1, 'same'),
  conv([6, 10, 10, 9], [1, 1, 9, 8], 2, 'same'),
  conv([1, 9, 9, 1], [5, 5, 1, 1], 2, 'same'),
  conv([1, 37, 35, 3], [3, 3, 3, 8], 1, 'same'),
  conv([9, 12, 9, 8], [5, 5, 8, 16], 2, 'same'),
  conv([6, 6, 7, 104], [5, 5, 104, 8], 2, 'same'),
  conv([8, 12, 12, 8], [2, 2, 8, 16], 3, 'valid'),
  conv([1, 4, 4, 16], [5, 5, 16, 32], 5, 'same'),
  conv([1, 1, 1, 4], [3, 3, 4, 5], 1, 'same'),
  conv([17, 16, 16, 1], [5, 5, 1, 8], 2, 'same'),
  conv([17, 6, 6, 8], [3, 3, 8, 9], 1, [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]),
  conv([4, 9, 8, 8], [4, 4, 8, 9], 2, [
    [0, 0],
    [1, 2],
    [0, 3],
    [0, 0],
  ]),
  conv([4, 9, 8, 2], [4, 3, 2, 9], 3, [
    [0, 0],
    [3, 2],
    [2, 0],
    [0, 0],
  ]),
  conv([4, 9, 9, 8], [3, 3, 8, 9], 2, [
    [0, 0],
    [0, 2],
    [0, 2],
    [0, 0],
  ]),
  conv([5, 7, 8, 8], [3, 3, 8, 8], 2, [
    [0, 0],
    [4, 5],
    [0, 3],
    [0, 0],
  ]),
  transposed([2, 4, 4, 8], [5, 5, 9, 8], [2, 8, 8, 9], 2, 'same'),
  transposed([5, 9, 7, 12], [5, 5, 16, 12], [5, 18, 13, 16], 2, 'same'),
  transposed([9, 4, 4, 8], [3, 3, 8, 8], [9, 14, 13, 8], 3, 'valid'),
  transposed([2, 4, 3, 8], [5, 5, 9, 8], [2, 7, 6, 9], 2, 'same'),
  transposed([2, 1, 1, 32], [5, 5, 16, 32], [2, 4, 4, 16], 5, 'same'),
  transposed([2, 2, 2, 32], [5, 5, 16, 32], [2, 8, 8, 16], 5, 'same'),
  transposed([6, 8, 8, 8], [5, 5, 1, 8], [6, 16, 16, 1], 2, 'same'),
  transposed([2, 4, 4, 8], [4, 4, 9, 8], [2, 10, 10, 9], 2, 'valid'),
  transposed([2, 4, 4, 8], [3, 3, 9, 8], [2, 14, 13, 9], 3, 'valid'),
  layer([3, 9, 8, 2], [5, 5, 2, 9], { stride: 2, slope: null }),
  layer([3, 9, 8, 2], [5, 5, 2, 9], { stride: 2, slope: 0.05 }),
  layer([2, 4, 4, 16], [5, 5, 16, 8], { stride: 5, slope: 0.05 }),
  layer([1, 7, 7, 9], [3, 3, 9, 4], { stride: 1, slope: 0 }),
  layer([2, 4, 3, 9], [5, 5, 8, 9], { stride: 2, slope: 0.9, images: [2, 7, 6, 8] }),
  layer([2, 8, 8, 8], [5, 5, 1, 8], { stride: 2, slope: null, images: [2, 16, 16, 1] }),
  binary('dense', [5, 7], [7, 3], (a, b) => tf.matMul(a, b)),
  binary('matMul, a transposed', [7, 5], [7, 3], (a, b) => tf.matMul(a, b, true)),
  binary('matMul, b transposed', [5, 7], [3, 7], (a, b) => tf.matMul(a, b, false, true)),
  binary('matMul, both transposed', [7, 5], [3, 7], (a, b) => tf.matMul(a, b, true, true)),
  binary('matMul, a batch', [4, 2, 5, 7], [4, 2, 7, 3], (a, b) => tf.matMul(a, b)),
  binary('matMul, a batch, b transposed', [6, 5, 7], [6, 3, 7], (a, b) => tf.matMul(a, b, false, true)),
  binary('matMul, one b for a batch', [6, 5, 7], [1, 7, 3], (a, b) => tf.matMul(a, b), { gradient: false }),
  binary('matMul, one a for a batch', [1, 9, 7], [3, 7, 8], (a, b) => tf.matMul(a, b), { gradient: false }),
  binary('matMul, a transposed, one b for a batch', [6, 7, 5], [1, 7, 3], (a, b) => tf.matMul(a, b, true), {
    gradient: false,
  }),
  binary('matMul of a few', [70, 34], [34, 12], (a, b) => tf.matMul(a, b)),
  binary('matMul of many', [3, 130, 1030], [3, 1030, 17], (a, b) => tf.matMul(a, b)),
  binary('matMul of many, b transposed', [2, 6, 33], [2, 9, 33], (a, b) => tf.matMul(a, b, false, true)),
  binary('matMul of many, a transposed', [300, 37], [300, 20], (a, b) => tf.matMul(a, b, true)),
  binary('bias', [4, 6, 6, 3], [3], (a, b) => tf.add(a, b)),
  binary('scale of a map', [4, 6, 3], [6, 3], (a, b) => tf.mul(a, b)),
  binary('broadcast in the middle', [4, 6, 3], [4, 1, 3], (a, b) => tf.sub(a, b)),
  binary('div', [4, 5], [4, 1], (a, b) => tf.div(a, b), { domain: positive }),
  binary('maximum', [4, 5], [4, 5], (a, b) => tf.maximum(a, b)),
  binary('minimum', [4, 5], [4, 5], (a, b) => tf.minimum(a, b)),
  binary('squaredDifference', [4, 5], [4, 5], (a, b) => tf.squaredDifference(a, b)),
  binary('where', [4, 5], [4, 5], (a, b) => tf.where(tf.tensor1d([true, false, true, true, false], 'bool'), a, b)),
  binary('concat', [2, 3, 4], [2, 3, 5], (a, b) => tf.concat([a, b], 2)),
  binary('stack', [3, 4], [3, 4], (a, b) => tf.stack([a, b], 1)),
  unary('leakyRelu', (x) => tf.leakyRelu(x, 0.05)),
  of([3, 1], 'leakyRelu of few', (x) => tf.leakyRelu(x, 0.05), { domain: spread }),
  of([4, 8, 32], 'leakyRelu of many', (x) => tf.leakyRelu(x, 0.05)),
  unary('relu', (x) => tf.relu(x)),
  unary('elu', (x) => tf.elu(x)),
  unary('sigmoid', (x) => tf.sigmoid(x)),
  unary('tanh', (x) => tf.tanh(x)),
  unary('softplus', (x) => tf.softplus(x)),
  unary('logSigmoid', (x) => tf.logSigmoid(x)),
  unary('gelu by erf', (x) => tf.mul(x, tf.add(tf.erf(x), 1))),
  unary('exp', (x) => tf.exp(x)),
  unary('log', (x) => tf.log(x), positive),
  unary('log1p', (x) => tf.log1p(x), positive),
  unary('sqrt', (x) => tf.sqrt(x), positive),
  unary('rsqrt', (x) => tf.rsqrt(x), positive),
  unary('square', (x) => tf.square(x)),
  unary('abs', (x) => tf.abs(x)),
  unary('neg', (x) => tf.neg(x)),
  unary('reciprocal', (x) => tf.reciprocal(x), positive),
  unary('sin', (x) => tf.sin(x)),
  unary('cos', (x) => tf.cos(x)),
  unary('atanh', (x) => tf.atanh(x), inside),
  unary('clipByValue', (x) => tf.clipByValue(x, -0.5, 0.7)),
  unary('softmax', (x) => tf.softmax(x)),
  unary('logSoftmax', (x) => tf.logSoftmax(x)),
  unary('logSumExp', (x) => tf.logSumExp(x, 1)),
  unary('sum of all', (x) => tf.sum(x)),
  unary('sum, leading axis', (x) => tf.sum(x, 0)),
  unary('sum, leading axes kept', (x) => tf.sum(x, [0, 1], true)),
  unary('sum, middle axis', (x) => tf.sum(x, 1)),
  unary('sum, last axis', (x) => tf.sum(x, -1)),
  unary('mean, last axes', (x) => tf.mean(x, [1, 2])),
  unary('max', (x) => tf.max(x, 2), spread),
  unary('min', (x) => tf.min(x, 1), spread),
  unary('cumsum', (x) => tf.cumsum(x, 1)),
  unary('moments', (x) =>
    tf.div(tf.sub(x, tf.moments(x, [0, 1]).mean), tf.sqrt(tf.add(tf.moments(x, [0, 1]).variance, 1e-5))),
  ),
  unary('norm', (x) => tf.norm(x, 2, 2)),
  unary('reshape', (x) => tf.reshape(x, [12, 5])),
  unary('transpose', (x) => tf.transpose(x, [2, 0, 1])),
  unary('reverse', (x) => tf.reverse(x, 1)),
  unary('slice', (x) => tf.slice(x, [1, 0, 2], [2, 3, 2])),
  of([2, 3, 4, 3, 5], 'slice of 5 axes', (x) => tf.slice(x, [0, 1, 0, 1, 0], [2, 2, 4, 2, 5])),
  of([3, 4, 40], 'slice of a long axis', (x) => tf.slice(x, [0, 2, 3], [3, 1, 30])),
  unary('pad', (x) =>
    tf.pad(x, [
      [0, 1],
      [2, 0],
      [1, 1],
    ]),
  ),
  unary('tile', (x) => tf.tile(x, [2, 1, 3])),
  unary('broadcastTo', (x) => tf.broadcastTo(tf.reshape(x, [3, 1, 4, 5]), [3, 2, 4, 5])),
  unary('expandDims and squeeze', (x) => tf.squeeze(tf.expandDims(x, 1), [1])),
  unary('split', (x) => tf.mul(tf.split(x, 2, 1)[0] ?? x, 2)),
  of([2, 3, 4, 5, 3], 'split of 5 axes', (x) => {
    const [first, , last] = split(x, [1, 1, 3], 3);
    return tf.add(tf.mul(first, 2), tf.square(last));
  }),
  unary('unstack', (x) => tf.square(tf.unstack(x, 0)[1] ?? x)),
  unary('gather', (x) => tf.gather(x, indices([2, 0, 2, 1]), 0)),
  unary('gather along the last axis', (x) => tf.gather(x, indices([4, 4, 0]), 2)),
  unary('pow', (x) => tf.pow(x, 1.7), positive),
  of([5, 3], 'unsortedSegmentSum', (x) => tf.unsortedSegmentSum(flat(x), indices([0, 2, 0, 1, 2]), 4)),
  of([3, 5, 4, 8], 'groupNorm', (x) => normed(x, { relu: false })),
  of([3, 5, 4, 8], 'groupNorm and ReLU', (x) => normed(x, { relu: true })),
  of([3, 5, 4, 8], 'groupNorm with a border', (x) => normed(x, { relu: false, border: 2 })),
  of([3, 64, 96, 8], 'groupNorm of many', (x) => normed(x, { relu: false, border: 1 })),
  of([2, 3, 5, 20], 'groupNorm of 20 channels', (x) => normed(x, { relu: true, border: 1 })),
  of([3, 1, 1, 12], 'groupNorm of one pixel', (x) => normed(x, { relu: true, border: 1 })),
  { name: 'groupNorm, its scale and shift', shapes: [[2, 3, 1, 6], [6], [6]], op: scaled },
  of([2, 4, 5, 3], 'replicatePad', (x) => replicatePad(four(x), 1)),
  of([2, 4, 1, 3], 'replicatePad of one column', (x) => replicatePad(four(x), 1)),
  of([2, 4, 5, 3], 'replicatePad by 3', (x) => replicatePad(four(x), 3)),
  of([2, 1, 1, 19], 'replicatePad of one pixel', (x) => replicatePad(four(x), 2)),
  of([2, 4, 3, 5], 'upsampleTwice', (x) => upsampleTwice(four(x))),
  of([3, 5, 1, 18], 'upsample by 4', (x) => upsample(four(x), 4)),
  of([2, 2, 3, 5], 'upsample by 3, with a border', (x) => upsample(four(x), 3, 1)),
  of([2, 1, 3, 2], 'upsampleTwice of one row, with a border', (x) => upsampleTwice(four(x), 2)),
  of([4, 32, 32, 9], 'upsampleTwice of many', (x) => upsampleTwice(four(x), 1)),
  of([2, 9, 3, 9], 'extractGlimpses', (x) => extractGlimpses(four(x), places(4), scales(4), 4)),
  of([3, 4, 4, 2], 'placeGlimpses', (x) => placeGlimpses(four(x), places(3), scales(3), [9, 9])),
  of([2, 7, 6, 3], 'maxPool', (x) => tf.maxPool(four(x), 3, 2, 'same'), { domain: spread }),
  of([2, 7, 6, 3], 'avgPool', (x) => tf.avgPool(four(x), 3, 2, 'valid')),
  of([2, 4, 5, 3], 'resizeBilinear', (x) => tf.image.resizeBilinear(four(x), [8, 7]), { cpuWrong: SWAPPED }),
  of([2, 4, 4, 3], 'resizeBilinear, aligned', (x) => tf.image.resizeBilinear(four(x), [8, 8], true)),
  of([2, 4, 5, 3], 'resizeNearestNeighbor', (x) => tf.image.resizeNearestNeighbor(four(x), [8, 10]), {
    cpuWrong: SWAPPED,
  }),
  of([2, 3, 4, 8], 'stridedSlice', (x) => tf.stridedSlice(x, [0, 0, 0, 0], [2, 3, 4, 8], [1, 1, 2, 3]), {
    gradient: false,
  }),
  of([2, 3, 4, 8], 'depthToSpace', (x) => tf.depthToSpace(four(x), 2), { gradient: false }),
  of([2, 6, 6, 3], 'cropAndResize', (x) => cropped(four(x)), { gradient: false }),
];
