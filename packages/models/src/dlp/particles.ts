import * as tf from '@tensorflow/tfjs-core';
import { split } from '@trawl/nn';
import { particleAttention } from './attention.js';
import type { Build, Layer, Rows } from './blocks.js';
import { convBlock, featureMaps, flatten, mlp, pointwise, through } from './blocks.js';
import { glimpseSide } from './geometry.js';
import type { DlpParams } from './params.js';

/** What the attribute encoder says of each particle; all [n, ...] rows. Coordinates are (row, column). */
export interface Attributes {
  offset: tf.Tensor2D;
  offsetLogvar: tf.Tensor2D;
  /** Before the sigmoid. */
  scale: tf.Tensor2D;
  scaleLogvar: tf.Tensor2D;
  /** Of the Beta of transparency, [n, 1], at least 1e-5. */
  a: tf.Tensor2D;
  b: tf.Tensor2D;
  depth: tf.Tensor2D;
  depthLogvar: tf.Tensor2D;
}

const WIDTH = 256;
const MAPS = 32;

function glimpseEncoder(
  build: Build,
  name: string,
  params: DlpParams,
  { channels, residual }: { channels: number; residual: boolean },
): (x: tf.Tensor4D, positions: tf.Tensor2D) => tf.Tensor2D {
  const { prior_channels, anchor_s, image_size } = params;
  const size = { in: channels, channels: prior_channels, kernel: 3, out: MAPS, residual };
  const cnn = featureMaps(build, `${name}.cnn`, size);
  const side = glimpseSide(anchor_s, image_size) / 2 ** (prior_channels.length - 1);
  const projection = mlp(build, `${name}.projection`, [MAPS * side * side, WIDTH], false);
  const attend = params.enable_enc_attn ? particleAttention(build, `${name}.attention`, WIDTH, params.n_kp_enc) : null;
  const backbone = mlp(build, `${name}.backbone`, [WIDTH, WIDTH, WIDTH], true);
  return (x, positions) => {
    const seen = projection(flatten(cnn(x)));
    return backbone(attend ? attend(seen, positions) : seen);
  };
}

const positive = (x: tf.Tensor2D): tf.Tensor2D => tf.maximum(tf.exp(x), 1e-5);

/** What an encoder sees: glimpses [n, P, P, c] and where they were cut, [n, 2]. */
export type OfGlimpses<T> = (glimpses: tf.Tensor4D, positions: tf.Tensor2D) => T;

/** Glimpses of 3 or 4 channels -> attributes. */
export function attributeEncoder(build: Build, params: DlpParams): OfGlimpses<Attributes> {
  const channels = params.use_correlation_heatmaps ? params.ch + 1 : params.ch;
  const encode = glimpseEncoder(build, 'attributes', params, { channels, residual: params.use_resblock });
  const heads = mlp(build, 'attributes.heads', [WIDTH, 12], false);
  const bounded = (x: tf.Tensor2D): tf.Tensor2D => (params.kp_activation === 'tanh' ? tf.tanh(x) : tf.sigmoid(x));
  return (glimpses, positions) => {
    const all = heads(encode(glimpses, positions));
    // In the order of the original's heads: row, column, scale, transparency, depth.
    const [row, rowLogvar, column, columnLogvar, scale, scaleLogvar, a, b, depth, depthLogvar] = split(
      all,
      [1, 1, 1, 1, 2, 2, 1, 1, 1, 1],
      1,
    );
    return {
      offset: bounded(tf.concat2d([row, column], 1)),
      offsetLogvar: tf.concat2d([rowLogvar, columnLogvar], 1),
      scale,
      scaleLogvar,
      a: positive(a),
      b: positive(b),
      depth,
      depthLogvar,
    };
  };
}

export interface Gaussian {
  mean: tf.Tensor2D;
  logvar: tf.Tensor2D;
}

export function halves(all: tf.Tensor2D): Gaussian {
  const half = all.shape[1] / 2;
  const [mean, logvar] = split(all, [half, half], 1);
  return { mean, logvar };
}

/** Glimpses of 3 channels -> appearance features. Never of residual blocks, in the original neither. */
export function featureEncoder(build: Build, params: DlpParams): OfGlimpses<Gaussian> {
  const encode = glimpseEncoder(build, 'features', params, { channels: params.ch, residual: false });
  const head: Rows = mlp(build, 'features.head', [WIDTH, 2 * params.learned_feature_dim], false);
  return (glimpses, positions) => halves(head(encode(glimpses, positions)));
}

const BOTTOM = 8;

/** Features [n, m] -> glimpses [n, P, P, 4]: alpha, then RGB, 0..1. */
export function glimpseDecoder(build: Build, params: DlpParams): (features: tf.Tensor2D) => tf.Tensor4D {
  const side = glimpseSide(params.anchor_s, params.image_size);
  const doublings = Math.log2(side / BOTTOM);
  const fc = mlp(build, 'glimpse.fc', [params.learned_feature_dim, WIDTH, WIDTH, MAPS * BOTTOM * BOTTOM], true);
  const layers: Layer[] = Array.from({ length: doublings }, (_, i) =>
    convBlock(build, `glimpse.up${i}`, {
      in: i === 0 ? MAPS : 64,
      out: 64,
      kernel: 3,
      up: true,
      residual: params.use_resblock,
    }),
  );
  layers.push(
    convBlock(build, 'glimpse.block', { in: doublings === 0 ? MAPS : 64, out: 32, kernel: 3 }),
    pointwise(build, 'glimpse.out', { in: 32, out: 1 + params.ch }),
  );
  const drawn = through(build, layers);
  return (features) => {
    const maps = tf.reshape<tf.Rank.R4>(fc(features), [features.shape[0], BOTTOM, BOTTOM, MAPS]);
    return tf.sigmoid(drawn(maps));
  };
}
