import * as tf from '@tensorflow/tfjs-core';
import { addDense, dense, extractGlimpses } from '@trawl/nn';
import type { Build, Rows } from './blocks.js';
import { featureMaps, flatten, layerNorm } from './blocks.js';
import { glimpseSide, proposalsOf } from './geometry.js';
import type { DlpParams } from './params.js';
import { rowsOf, stopped } from './stop.js';

/** All proposals [b, n, 2] and the image [b, size, c, size] -> anchors [b, K, 2], each a weighted mean of the proposals. */
export type ParticleMixer = (positions: tf.Tensor3D, columns: tf.Tensor4D) => tf.Tensor3D;

const WIDTH = 128;

/**
 * One layer of an MLP mixer (Tolstikhin et al. 2021) over a token for each proposal: its glimpse and its position. Gradients reach the
 * proposals through the weighted mean alone.
 */
export function particleMixer(build: Build, params: DlpParams): ParticleMixer {
  const { prior_channels, image_size, n_kp_enc, ch } = params;
  const { variables, stream } = build;
  const n = proposalsOf(params);
  const side = glimpseSide(params.anchor_s, image_size);
  const name = 'prior.mixer';
  const cnn = featureMaps(build, `${name}.cnn`, { in: ch, channels: prior_channels, kernel: 3, out: 32 });
  const features = 32 * (side / 2 ** (prior_channels.length - 1)) ** 2;
  const linear = (layer: string, from: number, to: number): Rows => {
    addDense(variables, `${name}.${layer}`, stream, { in: from, out: to });
    return (x) => dense(variables, `${name}.${layer}`, x);
  };
  const appearance = linear('appearance', features, WIDTH / 2);
  const position = linear('position', 2, WIDTH / 2);
  const normTokens = layerNorm(build, `${name}.norm0`, WIDTH);
  const tokensIn = linear('tokens0', n, WIDTH);
  const tokensOut = linear('tokens1', WIDTH, n);
  const normChannels = layerNorm(build, `${name}.norm1`, WIDTH);
  const channelsIn = linear('channels0', WIDTH, WIDTH);
  const channelsOut = linear('channels1', WIDTH, WIDTH);
  const normLast = layerNorm(build, `${name}.norm`, WIDTH);
  const last = linear('weights', WIDTH, n_kp_enc);

  return (positions, columns) => {
    const b = positions.shape[0];
    const places = tf.reshape<tf.Rank.R2>(stopped(positions), [b * n, 2]);
    const glimpses = extractGlimpses(columns, places, rowsOf(b * n, 2, side / image_size), side);
    const tokens = tf.concat2d([appearance(flatten(cnn(glimpses))), position(places)], 1);
    // Over the proposals: their axis last, each channel a row.
    const turned = tf.transpose(tf.reshape(normTokens(tokens), [b, n, WIDTH]), [0, 2, 1]);
    const mixed = tokensOut(tf.relu(tokensIn(tf.reshape(turned, [b * WIDTH, n]))));
    const back = tf.transpose(tf.reshape(mixed, [b, WIDTH, n]), [0, 2, 1]);
    const withTokens = tf.add<tf.Tensor2D>(tokens, tf.reshape<tf.Rank.R2>(back, [b * n, WIDTH]));
    const all = tf.add<tf.Tensor2D>(withTokens, channelsOut(tf.relu(channelsIn(normChannels(withTokens)))));
    const scores = tf.transpose(tf.reshape(last(normLast(all)), [b, n, n_kp_enc]), [0, 2, 1]);
    return tf.reshape(tf.matMul(tf.softmax(scores), positions), [b, n_kp_enc, 2]);
  };
}
