import * as tf from '@tensorflow/tfjs-core';
import type { Build, Layer } from './blocks.js';
import { convBlock, featureMaps, flatten, mlp, pointwise, through } from './blocks.js';
import { backgroundSide, glimpseSide } from './geometry.js';
import type { DlpParams } from './params.js';
import type { Gaussian } from './particles.js';
import { halves } from './particles.js';

const MAPS = 32;
const WIDTH = 256;
const BOTTOM = 8;

/**
 * 1 where row r of the image is within the square of `side` around each particle, at a whole number of pixels (to the
 * nearest): coordinates [n, 1] -> [n, size].
 */
function covered(at: tf.Tensor2D, side: number, size: number): tf.Tensor2D {
  const first = Math.floor((size - side) / 2);
  const place = tf.round(tf.sub(tf.range(0, size), tf.mul(at, (size - 1) / 2)));
  const inside = tf.logicalAnd(tf.greaterEqual(place, first), tf.less(place, first + side));
  return tf.reshape(tf.cast(inside, 'float32'), [at.shape[0], size]);
}

/** A square of ones around each particle: positions [n, 2] -> [n, size, size]. */
export function particleSquares(positions: tf.Tensor2D, side: number, size: number): tf.Tensor3D {
  const n = positions.shape[0];
  const rows = covered(tf.slice2d(positions, [0, 0], [n, 1]), side, size);
  const columns = covered(tf.slice2d(positions, [0, 1], [n, 1]), side, size);
  return tf.mul(tf.expandDims(rows, 2), tf.expandDims(columns, 1));
}

/** 1 - what the particles cover, each as far as it is visible: positions [b * k, 2], transparency [b * k, 1] -> [b, size, size]. */
export function backgroundMask(
  positions: tf.Tensor2D,
  visible: tf.Tensor2D,
  params: Pick<DlpParams, 'anchor_s' | 'image_size'>,
  b: number,
): tf.Tensor3D {
  const size = params.image_size;
  const side = glimpseSide(params.anchor_s, size);
  const n = positions.shape[0];
  const k = n / b;
  const rows = tf.mul(covered(tf.slice2d(positions, [0, 0], [n, 1]), side, size), visible);
  const columns = covered(tf.slice2d(positions, [0, 1], [n, 1]), side, size);
  const cover = tf.matMul(tf.reshape(rows, [b, k, size]), tf.reshape(columns, [b, k, size]), true);
  return tf.reshape(tf.sub(1, tf.clipByValue(cover, 0, 1)), [b, size, size]);
}

export interface Background {
  /** Images whose particles are blacked out, [n, size, size, c]. */
  encode(masked: tf.Tensor4D): Gaussian;
  /** [n, m] -> [n, size, size, c] in 0..1. */
  decode(z: tf.Tensor2D): tf.Tensor4D;
}

export function background(build: Build, params: DlpParams, features: number): Background {
  const { enc_channels, image_size, ch, use_resblock: residual } = params;
  const side = backgroundSide(image_size, enc_channels);
  const cnn = featureMaps(build, 'background.cnn', { in: ch, channels: enc_channels, kernel: 7, out: MAPS, residual });
  const encoder = mlp(build, 'background.encoder', [MAPS * side * side, WIDTH, WIDTH, 2 * features], false);
  const fc = mlp(build, 'background.fc', [features, WIDTH, WIDTH, MAPS * BOTTOM * BOTTOM], true);
  const layers: Layer[] = [];
  const add = (name: string, block: { in: number; out: number; up: boolean; norm?: boolean }): void => {
    layers.push(convBlock(build, `background.${name}`, { ...block, kernel: 3, residual: residual && block.up }));
  };
  for (let i = 0; BOTTOM * 2 ** i < side; i += 1) add(`map${i}`, { in: MAPS, out: MAPS, up: true });
  const [first = 0, ...rest] = enc_channels;
  const last = rest.at(-1) ?? first;
  add('up0', { in: MAPS, out: last, up: true, norm: false });
  let depth = last;
  rest
    .slice(0, -1)
    .toReversed()
    .forEach((out, i) => {
      add(`up${i + 1}`, { in: depth, out, up: true });
      depth = out;
    });
  add('block', { in: depth, out: first, up: false });
  layers.push(pointwise(build, 'background.out', { in: first, out: ch }));
  const drawn = through(build, layers);
  return {
    encode: (masked) => halves(encoder(flatten(cnn(masked)))),
    decode(z) {
      const maps = tf.reshape<tf.Rank.R4>(fc(z), [z.shape[0], BOTTOM, BOTTOM, MAPS]);
      return tf.sigmoid(drawn(maps));
    },
  };
}
