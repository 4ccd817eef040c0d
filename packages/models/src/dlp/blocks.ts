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
      return padded(build, up ? upsampleTwice(active) : active, border);
    },
  };
}

function padded({ pad }: Build, x: tf.Tensor4D, size: number): tf.Tensor4D {
  if (size === 0) return x;
  const around: [number, number] = [size, size];
  return pad === 'replicate' ? replicatePad(x, size) : tf.pad4d(x, [[0, 0], around, around, [0, 0]]);
}

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

/** The CNN of patches, glimpses and backgrounds; `stagesOf` says what is in it. */
export function featureMaps(
  build: Build,
  name: string,
  size: { in: number; channels: readonly number[]; kernel: number; out: number },
): Maps {
  const { channels, kernel } = size;
  const first = channels[0] ?? 0;
  const layers = [
    convBlock(build, `${name}.block0`, { in: size.in, out: first, kernel }),
    ...stagesOf(channels).map((stage, i) => convBlock(build, `${name}.block${i + 1}`, { ...stage, kernel: 3 })),
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
