import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream, RandomStreams, Variables } from '@trawl/nn';
import { betaSample, disposeVariables, extractGlimpses, placeGlimpses } from '@trawl/nn';
import { background, backgroundMask } from './background.js';
import type { Build } from './blocks.js';
import { composite } from './composite.js';
import { glimpseSide } from './geometry.js';
import type { DlpParams } from './params.js';
import type { Attributes, Gaussian } from './particles.js';
import { attributeEncoder, featureEncoder, glimpseDecoder } from './particles.js';
import type { PatchPrior, Prior } from './prior.js';
import { patchPrior } from './prior.js';
import { constant, rowsOf, stopped } from './stop.js';

/** What an epoch is for: glimpses alone, then one with noise on transparency and scale, then the whole. */
export interface Phase {
  warmup: boolean;
  noisy: boolean;
}

/** Images [b, size, size, c] in 0..1, and the same as [b, size, c, size]: rows, channels, columns. */
export interface Images {
  x: tf.Tensor4D;
  columns: tf.Tensor4D;
}

export const imagesOf = (x: tf.Tensor4D): Images => ({ x, columns: tf.transpose(x, [0, 1, 3, 2]) });

/** Posterior of the particles of b images, k each, and a sample of it; rows [b * k, ...]. */
export interface Particles {
  prior: Prior;
  /** Anchor moved by the first pass, [b, k, 2]: what the Chamfer KL holds against the prior. */
  anchors: tf.Tensor3D;
  attributes: Attributes;
  /** Anchor plus offset, and a sample; row and column in -1..1. */
  positionMean: tf.Tensor2D;
  position: tf.Tensor2D;
  /** Before the sigmoid. */
  scale: tf.Tensor2D;
  depth: tf.Tensor2D;
  /** In 0..1. */
  transparency: tf.Tensor2D;
  features: Gaussian;
  feature: tf.Tensor2D;
  /** What the features were read from, [b * k, P, P, 3]. */
  glimpses: tf.Tensor4D;
}

export interface Encoded extends Particles {
  background: Gaussian;
  /** [b, m]. */
  backgroundFeature: tf.Tensor2D;
}

export interface Latents {
  position: tf.Tensor2D;
  scale: tf.Tensor2D;
  depth: tf.Tensor2D;
  transparency: tf.Tensor2D;
  feature: tf.Tensor2D;
  backgroundFeature: tf.Tensor2D;
}

/** Images in rows, channels, columns. */
export interface Decoded {
  /** [b, size, c, size]. */
  reconstruction: tf.Tensor4D;
  background: tf.Tensor4D;
  foreground: tf.Tensor4D;
  /** [b, k, size, 1, size]. */
  alphaMasks: tf.Tensor5D;
  /** Alpha and RGB before they are placed, [b * k, P, P, 4]. */
  glimpses: tf.Tensor4D;
}

export interface DlpNetwork {
  variables: Variables;
  prior: PatchPrior;
  /** `dice` null gives posterior means. */
  encode(images: Images, phase: Phase, dice: RandomStream | null): Encoded;
  decode(latents: Latents, phase: Phase, dice: RandomStream | null): Decoded;
  dispose(): void;
}

/** mean + exp(logvar / 2) noise; the mean where there is no noise. */
export function sample({ mean, logvar }: Gaussian, dice: RandomStream | null): tf.Tensor2D {
  if (!dice) return mean;
  const noise = tf.tensor2d(dice.normals(mean.size), mean.shape);
  return tf.add(mean, tf.mul(tf.exp(tf.mul(logvar, 0.5)), noise));
}

/** Before the sigmoid: a scale of `anchor`, as the original writes it. */
export const logitOfScale = (anchor: number): number => Math.log(anchor / (1 - anchor + 1e-5));

/**
 * DLPv2 (Daniel and Tamar 2023, arXiv 2306.05957): an image as particles (position, scale, depth, transparency,
 * appearance) over a background. Initialised from the stream `weights`.
 * Source: taldatech/ddlp models.py, ObjectDLP, at 5686275.
 */
export function dlpNetwork(params: DlpParams, streams: RandomStreams): DlpNetwork {
  const { image_size: size, anchor_s, n_kp_enc, ch } = params;
  const side = glimpseSide(anchor_s, size);
  const build: Build = { variables: new Map(), stream: streams.get('weights'), pad: params.pad_mode };
  const prior = patchPrior(build, params);
  const attributes = attributeEncoder(build, params);
  const features = featureEncoder(build, params);
  const decodeGlimpses = glimpseDecoder(build, params);
  const behind = background(build, params, params.bg_learned_feature_dim || params.learned_feature_dim);

  const usualScale = (n: number): tf.Tensor2D => rowsOf(n, 2, side / size);

  /** Attributes of what lies at `position`; no gradient reaches position or scale. */
  function attributesAt(columns: tf.Tensor4D, position: tf.Tensor2D, scale: tf.Tensor2D | null): Attributes {
    const glimpses = constant(() => {
      const share = scale ? tf.sigmoid(scale) : usualScale(position.shape[0]);
      const rgb = extractGlimpses(columns, position, share, side);
      return params.use_correlation_heatmaps
        ? tf.pad(tf.clipByValue(rgb, 0, 1), [
            [0, 0],
            [0, 0],
            [0, 0],
            [0, 1],
          ])
        : rgb;
    });
    return attributes(glimpses);
  }

  return {
    variables: build.variables,
    prior,
    encode({ x, columns }, { warmup, noisy }, dice) {
      const b = x.shape[0];
      const n = b * n_kp_enc;
      const rows = (t: tf.Tensor): tf.Tensor2D => tf.reshape(t, [n, 2]);
      const proposed = prior.filter(prior.proposals(x), columns, dice);
      const start = rows(params.train_enc_prior ? proposed.anchors : stopped(proposed.anchors));
      const first = attributesAt(columns, start, null);
      const anchors = tf.add<tf.Tensor2D>(start, first.offset);
      const second = attributesAt(columns, anchors, warmup || noisy ? null : first.scale);

      const positionMean = tf.add<tf.Tensor2D>(anchors, second.offset);
      const position = sample({ mean: positionMean, logvar: second.offsetLogvar }, dice);
      const scale = noisy
        ? constant(() => noisyScale(n, anchor_s, dice))
        : sample({ mean: second.scale, logvar: second.scaleLogvar }, dice);
      const transparency = dice
        ? betaSample(second.a, second.b, dice)
        : tf.div<tf.Tensor2D>(second.a, tf.add(second.a, second.b));

      const seenAt = warmup ? stopped(position) : position;
      const glimpses = extractGlimpses(columns, seenAt, stopped(tf.sigmoid(scale)), side);
      const appearance = features(glimpses);
      const masked = constant(() => {
        const mask = tf.expandDims(backgroundMask(position, transparency, params, b), 3);
        return tf.mul<tf.Tensor4D>(x, mask);
      });
      const far = behind.encode(masked);
      return {
        prior: { keypoints: stopped(proposed.keypoints), anchors: proposed.anchors },
        anchors: tf.reshape(anchors, [b, n_kp_enc, 2]),
        attributes: second,
        positionMean,
        position,
        scale,
        depth: sample({ mean: second.depth, logvar: second.depthLogvar }, dice),
        transparency,
        features: appearance,
        feature: sample(appearance, dice),
        glimpses,
        background: far,
        backgroundFeature: sample(far, dice),
      };
    },
    decode(latents, { warmup, noisy }, dice) {
      const b = latents.backgroundFeature.shape[0];
      const still = (t: tf.Tensor2D): tf.Tensor2D => (warmup ? stopped(t) : t);
      const glimpses = decodeGlimpses(latents.feature);
      const placed = placeGlimpses(glimpses, still(latents.position), tf.sigmoid(still(latents.scale)), [size, size]);
      const canvases = tf.reshape<tf.Rank.R5>(placed, [b, -1, size, 1 + ch, size]);
      const [, k] = canvases.shape;
      const clear = tf.slice<tf.Rank.R5, tf.Tensor5D>(canvases, [0, 0, 0, 0, 0], [b, k, size, 1, size]);
      const alpha = (warmup || noisy) && dice ? blurred(clear, dice) : clear;
      const rgb = tf.slice<tf.Rank.R5, tf.Tensor5D>(canvases, [0, 0, 0, 1, 0], [b, k, size, ch, size]);
      const {
        foreground,
        backgroundMask: open,
        alphaMasks,
      } = composite(alpha, rgb, latents.transparency, latents.depth);
      const far = tf.transpose(behind.decode(latents.backgroundFeature), [0, 1, 3, 2]);
      return {
        reconstruction: tf.add(tf.mul(open, far), foreground),
        background: far,
        foreground,
        alphaMasks,
        glimpses,
      };
    },
    dispose: () => disposeVariables(build.variables),
  };
}

function noisyScale(n: number, anchor: number, dice: RandomStream | null): tf.Tensor2D {
  const usual = rowsOf(n, 2, logitOfScale(anchor));
  return dice ? tf.add<tf.Tensor2D>(usual, tf.mul(tf.tensor2d(dice.normals(2 * n), [n, 2]), 0.1)) : usual;
}

function blurred(alpha: tf.Tensor5D, dice: RandomStream): tf.Tensor5D {
  const noise = tf.tensor5d(dice.normals(alpha.size), alpha.shape);
  return tf.clipByValue(tf.add(alpha, tf.mul(noise, 0.1)), 0, 1);
}
