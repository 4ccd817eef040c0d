import { ddlpLoss } from '@trawl/models/ddlp/loss';
import type { DdlpNetwork, EncodedVideo } from '@trawl/models/ddlp/network';
import { ddlpNetwork } from '@trawl/models/ddlp/network';
import { DdlpParams } from '@trawl/models/ddlp/params';
import { SETTLED } from '@trawl/models/dlp/loop/schedule';
import { rowsOf } from '@trawl/models/dlp/stop';
import { adam, openBackend, randomStreams, valueAndGradients } from '@trawl/nn';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';

/*
 * The dynamics by themselves, given particles that are where they should be: two to a clip, each from a place of its own, one
 * of either kind, and a kind's features go with its velocity. (A whole network needs many minutes of CPU until its particles
 * are close enough for that.) Loss, prediction and rollout are those of a run.
 */

const SEED = 1;
const STEPS = 150;
const CLIPS = 64;
const GIVEN = 2;
const HORIZON = 5;
/** Row and column a frame, of the kind whose features are 1; the other, of -1, goes the opposite way. */
const VELOCITY = [0.1, 0.15] as const;
/** Of the posterior of everything: a standard deviation of 0.05. */
const LOGVAR = -6;

const params = DdlpParams.parse({
  image_size: 16,
  anchor_s: 0.5,
  n_kp_enc: 2,
  n_kp_prior: 4,
  learned_feature_dim: 2,
  prior_channels: [4, 4],
  enc_channels: [4, 4],
  timestep_horizon: GIVEN,
  num_static_frames: GIVEN,
  pint_dim: 32,
  pint_layers: 1,
  pint_heads: 2,
});

/** Places of the particles of CLIPS clips, [CLIPS, frames, 2, 2]. */
function moving(starts: Float32Array, frames: number): tf.Tensor4D {
  const kinds = tf.tensor4d([1, -1], [1, 1, 2, 1]);
  const steps = tf.reshape(tf.range(0, frames), [1, frames, 1, 1]);
  const way = tf.mul(tf.mul(steps, kinds), tf.tensor4d([...VELOCITY], [1, 1, 1, 2]));
  return tf.add(tf.tensor4d(starts, [CLIPS, 1, 2, 2]), way);
}

const known = (mean: tf.Tensor2D) => ({ mean, logvar: rowsOf(mean.shape[0], mean.shape[1], LOGVAR) });

/** As a network would have it that tracks them. */
function tracked(places: tf.Tensor4D): EncodedVideo {
  const [b, frames] = places.shape;
  const n = 2 * b * frames;
  const position = tf.reshape<tf.Rank.R2>(places, [n, 2]);
  const [two, one] = [known(tf.zeros([n, 2])), known(tf.zeros([n, 1]))];
  const features = known(tf.tile(tf.tensor2d([1, 1, -1, -1], [2, 2]), [b * frames, 1]));
  const background = known(tf.zeros([b * frames, 2]));
  return {
    clips: b,
    frames,
    prior: { keypoints: tf.zeros([GIVEN * b, 1, 2]), anchors: tf.zeros([GIVEN * b, 2, 2]) },
    anchors: tf.reshape(position, [b * frames, 2, 2]),
    attributes: {
      offset: two.mean,
      offsetLogvar: two.logvar,
      scale: two.mean,
      scaleLogvar: two.logvar,
      a: rowsOf(n, 1, 2),
      b: rowsOf(n, 1, 0.5),
      depth: one.mean,
      depthLogvar: one.logvar,
    },
    positionMean: position,
    position,
    scale: two.mean,
    depth: one.mean,
    transparency: rowsOf(n, 1, 0.8),
    features,
    feature: features.mean,
    glimpses: tf.zeros([n, 1, 1, 3]),
    background,
    backgroundFeature: background.mean,
  };
}

/** The loss of a batch whose frames have one pixel, black and drawn so. */
function lossOf(network: DdlpNetwork, starts: Float32Array) {
  const encoded = tracked(moving(starts, GIVEN + 1));
  const images = CLIPS * (GIVEN + 1);
  const black = tf.zeros<tf.Rank.R4>([images, 1, 3, 1]);
  const decoded = {
    reconstruction: black,
    background: black,
    foreground: black,
    alphaMasks: tf.zeros<tf.Rank.R5>([images, 2, 1, 1, 1]),
    glimpses: tf.zeros<tf.Rank.R4>([2 * images, 1, 1, 4]),
  };
  const video = tf.reshape<tf.Rank.R5>(black, [CLIPS, GIVEN + 1, 1, 3, 1]);
  // Few steps do without dropout.
  return ddlpLoss(video, encoded, decoded, network.predict(encoded, null), [1], SETTLED, params);
}

/** Mean distance of what is predicted of later frames from `truth`, when the first are given; and of the last given frame. */
function errorsOf(network: DdlpNetwork, starts: Float32Array): { rolled: number; repeated: number } {
  const truth = moving(starts, HORIZON);
  const later = (of: tf.Tensor4D): tf.Tensor4D => tf.slice4d(of, [0, GIVEN, 0, 0], [-1, HORIZON - GIVEN, 2, 2]);
  const away = (of: tf.Tensor4D): number => tf.mean(tf.norm(tf.sub(later(truth), of), 2, 3)).dataSync()[0]!;
  const given = tf.slice4d(truth, [0, 0, 0, 0], [-1, GIVEN, 2, 2]);
  const last = tf.slice4d(truth, [0, GIVEN - 1, 0, 0], [-1, 1, 2, 2]);
  return { rolled: away(later(network.rollOut(tracked(given), HORIZON - GIVEN).position)), repeated: away(last) };
}

test('the dynamics learn what moves where: surprise falls, and rollouts leave repetition behind', async () => {
  await openBackend('wasm');
  const streams = randomStreams(SEED);
  const network = ddlpNetwork(params, streams);
  const pint = new Map([...network.variables].filter(([name]) => name.startsWith('pint.')));
  const optimizer = adam(pint, { learningRate: 5e-3 });
  const shuffle = streams.get('shuffle');
  const starts = (): Float32Array => shuffle.uniforms(4 * CLIPS, -0.5, 0.5);
  const heldOut = starts();
  const surprise = (): number => tf.tidy(() => lossOf(network, heldOut).loss_kl_dyn.dataSync()[0]!);

  const untrained = surprise();
  for (let step = 0; step < STEPS; step += 1) {
    tf.tidy(() => optimizer.apply(valueAndGradients(pint, () => lossOf(network, starts())).gradients));
  }
  expect(surprise()).toBeLessThan(untrained / 10);
  const { rolled, repeated } = tf.tidy(() => errorsOf(network, heldOut));
  expect(rolled).toBeLessThan(repeated / 4);
});
