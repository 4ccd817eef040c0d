import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream, Variables } from '@trawl/nn';
import { addDense, addVariable, dense, groupNorm, replicatePad, upsampleTwice } from '@trawl/nn';
import { groupsOf, stagesOf } from './geometry.js';

/** Where a network's weights go and what draws them. A layer adds its own and is a function of its input. */
export interface Build {
  variables: Variables;
  stream: RandomStream;
  pad: 'replicate' | 'zeros';
}

export type Maps = (x: tf.Tensor4D) => tf.Tensor4D;
export type Rows = (x: tf.Tensor2D) => tf.Tensor2D;

const CONV_STD = 0.01;
const EPSILON = 1e-4;

interface Conv {
  in: number;
  out: number;
  kernel: number;
}

function addKernel({ variables, stream }: Build, name: string, { in: depth, out, kernel }: Conv): tf.Tensor4D {
  const values = stream.normals(kernel * kernel * depth * out).map((value) => CONV_STD * value);
  const variable = addVariable(variables, `${name}.kernel`, [kernel, kernel, depth, out], values);
  // A variable of rank 4, which its type does not say.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return variable as unknown as tf.Tensor4D;
}

function addVector({ variables }: Build, name: string, size: number, value: number): tf.Tensor1D {
  const variable = addVariable(variables, name, [size], new Float32Array(size).fill(value));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return variable as unknown as tf.Tensor1D;
}

export interface Block extends Conv {
  stride?: 1 | 2;
  /** Twice the height and width at the end. */
  up?: boolean;
  norm?: boolean;
  /** A residual block (He et al. 2016) instead: two convolutions of 3 x 3, normalised whatever `norm` says. */
  residual?: boolean;
}

/**
 * A layer takes images that have the border it needs, and gives its own the border that the next one needs: the pass that
 * makes an image makes its border too.
 */
export interface Layer {
  border: number;
  apply(x: tf.Tensor4D, border: number): tf.Tensor4D;
}

/** One layer after another. */
export function through(build: Build, layers: readonly Layer[]): Maps {
  const [first] = layers;
  return (x) => {
    const start = first ? padded(build, x, first.border) : x;
    return layers.reduce((maps, layer, i) => layer.apply(maps, layers[i + 1]?.border ?? 0), start);
  };
}

/** Convolution without bias, group normalisation, ReLU, upsampling. */
export function convBlock(build: Build, name: string, block: Block): Layer {
  if (block.residual) return residualBlock(build, name, block);
  const { kernel: side, stride = 1, up = false, norm = true, out } = block;
  const kernel = addKernel(build, name, block);
  const gamma = norm ? addVector(build, `${name}.gamma`, out, 1) : null;
  const beta = norm ? addVector(build, `${name}.beta`, out, 0) : null;
  const options = { groups: groupsOf(out), epsilon: EPSILON, relu: true };
  return {
    border: Math.floor(side / 2),
    apply(x, border) {
      const y = tf.conv2d(x, kernel, stride, 'valid');
      const inPass = gamma && beta && !up && build.pad === 'replicate';
      if (inPass) return groupNorm(y, gamma, beta, { ...options, border });
      const active = gamma && beta ? groupNorm(y, gamma, beta, options) : tf.relu(y);
      return up ? upsampled(build, active, border) : padded(build, active, border);
    },
  };
}

/**
 * relu(norm(conv(relu(norm(conv x)))) + x), the first convolution with the stride; where depth or size change, x goes through
 * a 1 x 1 convolution of the same stride, without norm.
 */
function residualBlock(build: Build, name: string, { in: depth, out, stride = 1, up = false }: Block): Layer {
  const first = addKernel(build, `${name}.conv0`, { in: depth, out, kernel: 3 });
  const second = addKernel(build, `${name}.conv1`, { in: out, out, kernel: 3 });
  const skip = stride > 1 || depth !== out ? addKernel(build, `${name}.skip`, { in: depth, out, kernel: 1 }) : null;
  const norms = [normed(build, `${name}.norm0`, out), normed(build, `${name}.norm1`, out)] as const;
  return {
    border: 1,
    apply(x, border) {
      const [n, h, w, c] = x.shape;
      const inner = tf.slice4d(x, [0, 1, 1, 0], [n, h - 2, w - 2, c]);
      const middle = norms[0](tf.conv2d(x, first, stride, 'valid'), true, 1);
      const branch = norms[1](tf.conv2d(middle, second, 1, 'valid'), false, 0);
      const sum = tf.relu(tf.add<tf.Tensor4D>(branch, skip ? tf.conv2d(inner, skip, stride, 'valid') : inner));
      return up ? upsampled(build, sum, border) : padded(build, sum, border);
    },
  };
}

/** Group normalisation of so many channels, maybe a ReLU, and a border. */
function normed(
  build: Build,
  name: string,
  channels: number,
): (x: tf.Tensor4D, relu: boolean, border: number) => tf.Tensor4D {
  const gamma = addVector(build, `${name}.gamma`, channels, 1);
  const beta = addVector(build, `${name}.beta`, channels, 0);
  const options = { groups: groupsOf(channels), epsilon: EPSILON };
  return (x, relu, border) =>
    build.pad === 'replicate'
      ? groupNorm(x, gamma, beta, { ...options, relu, border })
      : padded(build, groupNorm(x, gamma, beta, { ...options, relu }), border);
}

function padded({ pad }: Build, x: tf.Tensor4D, size: number): tf.Tensor4D {
  if (size === 0) return x;
  const around: [number, number] = [size, size];
  return pad === 'replicate' ? replicatePad(x, size) : tf.pad4d(x, [[0, 0], around, around, [0, 0]]);
}

const upsampled = (build: Build, x: tf.Tensor4D, border: number): tf.Tensor4D =>
  build.pad === 'replicate' ? upsampleTwice(x, border) : padded(build, upsampleTwice(x), border);

/** A 1 x 1 convolution with bias: a dense layer of every pixel. Comes last. */
export function pointwise(build: Build, name: string, size: { in: number; out: number }): Layer {
  const kernel = addKernel(build, name, { ...size, kernel: 1 });
  const bias = addVector(build, `${name}.bias`, size.out, 0);
  return {
    border: 0,
    apply(x) {
      const [n, h, w, c] = x.shape;
      const y = tf.matMul(tf.reshape<tf.Rank.R2>(x, [n * h * w, c]), tf.reshape<tf.Rank.R2>(kernel, [c, size.out]));
      return tf.reshape(tf.add(y, bias), [n, h, w, size.out]);
    },
  };
}

/** The CNN of patches, glimpses and backgrounds; `stagesOf` says what is in it. `residual` leaves the first block plain. */
export function featureMaps(
  build: Build,
  name: string,
  size: { in: number; channels: readonly number[]; kernel: number; out: number; residual?: boolean },
): Maps {
  const { channels, kernel, residual = false } = size;
  const first = channels[0] ?? 0;
  const layers = [
    convBlock(build, `${name}.block0`, { in: size.in, out: first, kernel }),
    ...stagesOf(channels).map((stage, i) =>
      convBlock(build, `${name}.block${i + 1}`, { ...stage, kernel: 3, residual }),
    ),
    pointwise(build, `${name}.keymap`, { in: channels.at(-1) ?? first, out: size.out }),
  ];
  return through(build, layers);
}

/** Dense layers with ReLU between them, and after the last one too where `activated`. */
export function mlp(build: Build, name: string, sizes: readonly number[], activated: boolean): Rows {
  const count = sizes.length - 1;
  for (let i = 0; i < count; i += 1) {
    addDense(build.variables, `${name}.${i}`, build.stream, { in: sizes[i] ?? 0, out: sizes[i + 1] ?? 0 });
  }
  return (x) => {
    let y = x;
    for (let i = 0; i < count; i += 1) {
      const linear = dense(build.variables, `${name}.${i}`, y);
      y = i < count - 1 || activated ? tf.relu(linear) : linear;
    }
    return y;
  };
}

/** [n, h, w, c] -> [n, h w c]. */
export const flatten = (maps: tf.Tensor4D): tf.Tensor2D => tf.reshape(maps, [maps.shape[0], -1]);

/** Of rows [n, width]: mean 0 and variance 1 of each, then a gain and a shift of each column. */
export function layerNorm({ variables }: Build, name: string, width: number): Rows {
  const gain = addVariable(variables, `${name}.gain`, [width], new Float32Array(width).fill(1));
  const shift = addVariable(variables, `${name}.shift`, [width], new Float32Array(width));
  return (x) => {
    const { mean, variance } = tf.moments(x, 1, true);
    const normal = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5)));
    return tf.reshape(tf.add(tf.mul(normal, gain), shift), x.shape);
  };
}

/** Exactly, by the error function. */
export const gelu = (x: tf.Tensor2D): tf.Tensor2D => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
