import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from '@trawl/nn';
import { betaSample, extractGlimpses, placeGlimpses, split } from '@trawl/nn';
import type { Background } from './background.js';
import { background, backgroundMask } from './background.js';
import type { Build } from './blocks.js';
import { composite } from './composite.js';
import { correlationMaps } from './correlation.js';
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
  prior: Prior;
  /** Anchor moved by the first pass, [b, k, 2]: what the Chamfer KL holds against the prior. */
  anchors: tf.Tensor3D;
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

/** mean + exp(logvar / 2) noise; the mean where there is no noise. */
export function sample({ mean, logvar }: Gaussian, dice: RandomStream | null): tf.Tensor2D {
  if (!dice) return mean;
  const noise = tf.tensor2d(dice.normals(mean.size), mean.shape);
  return tf.add(mean, tf.mul(tf.exp(tf.mul(logvar, 0.5)), noise));
}

/** Before the sigmoid: a scale of `anchor`, as the original writes it. */
export const logitOfScale = (anchor: number): number => Math.log(anchor / (1 - anchor + 1e-5));

/** The parts that images and video share; in the order that their weights are drawn in. */
export interface ParticleModel {
  prior: PatchPrior;
  behind: Background;
  /**
   * Attributes of what lies at `position` [n, 2], glimpses of `scale` (before the sigmoid; null is the usual one); no
   * gradient reaches either. `previous` glimpses [n, P, P, c] are looked for where the network has a channel for it.
   */
  attributesAt(
    columns: tf.Tensor4D,
    position: tf.Tensor2D,
    scale: tf.Tensor2D | null,
    previous?: tf.Tensor4D | null,
  ): Attributes;
  /** The posterior around `anchors` [n, 2]. */
  particles(
    columns: tf.Tensor4D,
    anchors: tf.Tensor2D,
    attributes: Attributes,
    phase: Phase,
    dice: RandomStream | null,
  ): Particles;
  /** Of images [b, size, size, c] less their particles. */
  encodeBackground(x: tf.Tensor4D, position: tf.Tensor2D, transparency: tf.Tensor2D): Gaussian;
  decode(latents: Latents, phase: Phase, dice: RandomStream | null): Decoded;
}

export function particleModel(build: Build, params: DlpParams): ParticleModel {
  const { image_size: size, anchor_s, ch } = params;
  const side = glimpseSide(anchor_s, size);
  const prior = patchPrior(build, params);
  const attributes = attributeEncoder(build, params);
  const features = featureEncoder(build, params);
  const decodeGlimpses = glimpseDecoder(build, params);
  const behind = background(build, params, params.bg_learned_feature_dim || params.learned_feature_dim);
  return {
    prior,
    behind,
    attributesAt(columns, position, scale, previous = null) {
      const glimpses = constant(() => {
        const share = scale ? tf.sigmoid(scale) : rowsOf(position.shape[0], 2, side / size);
        const rgb = extractGlimpses(columns, position, share, side);
        return params.use_correlation_heatmaps ? withHeat(tf.clipByValue(rgb, 0, 1), previous) : rgb;
      });
      return attributes(glimpses, position);
    },
    particles(columns, anchors, found, { warmup, noisy }, dice) {
      const positionMean = tf.add<tf.Tensor2D>(anchors, found.offset);
      const position = sample({ mean: positionMean, logvar: found.offsetLogvar }, dice);
      const scale = noisy
        ? constant(() => noisyScale(anchors.shape[0], anchor_s, dice))
        : sample({ mean: found.scale, logvar: found.scaleLogvar }, dice);
      const transparency = dice
        ? betaSample(found.a, found.b, dice)
        : tf.div<tf.Tensor2D>(found.a, tf.add(found.a, found.b));
      const seenAt = warmup ? stopped(position) : position;
      const glimpses = extractGlimpses(columns, seenAt, stopped(tf.sigmoid(scale)), side);
      const appearance = features(glimpses, seenAt);
      return {
        attributes: found,
        positionMean,
        position,
        scale,
        depth: sample({ mean: found.depth, logvar: found.depthLogvar }, dice),
        transparency,
        features: appearance,
        feature: sample(appearance, dice),
        glimpses,
      };
    },
    encodeBackground(x, position, transparency) {
      const masked = constant(() => {
        const mask = tf.expandDims(backgroundMask(position, transparency, params, x.shape[0]), 3);
        return tf.mul<tf.Tensor4D>(x, mask);
      });
      return behind.encode(masked);
    },
    decode(latents, { warmup, noisy }, dice) {
      const b = latents.backgroundFeature.shape[0];
      const still = (t: tf.Tensor2D): tf.Tensor2D => (warmup ? stopped(t) : t);
      const glimpses = decodeGlimpses(latents.feature);
      const placed = placeGlimpses(glimpses, still(latents.position), tf.sigmoid(still(latents.scale)), [size, size]);
      const canvases = tf.reshape<tf.Rank.R5>(placed, [b, -1, size, 1 + ch, size]);
      const [clear, rgb] = split<tf.Tensor5D, [1, number]>(canvases, [1, ch], 3);
      const alpha = (warmup || noisy) && dice ? blurred(clear, dice) : clear;
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
  };
}

/** A fourth channel: where in each glimpse its particle's previous one is, or nothing. */
function withHeat(rgb: tf.Tensor4D, previous: tf.Tensor4D | null): tf.Tensor4D {
  const [n, h, w] = rgb.shape;
  const heat = previous ? correlationMaps(rgb, tf.clipByValue(previous, 0, 1)) : tf.zeros<tf.Rank.R4>([n, h, w, 1]);
  return tf.concat4d([rgb, heat], 3);
}

function noisyScale(n: number, anchor: number, dice: RandomStream | null): tf.Tensor2D {
  const usual = rowsOf(n, 2, logitOfScale(anchor));
  return dice ? tf.add<tf.Tensor2D>(usual, tf.mul(tf.tensor2d(dice.normals(2 * n), [n, 2]), 0.1)) : usual;
}

function blurred(alpha: tf.Tensor5D, dice: RandomStream): tf.Tensor5D {
  const noise = tf.tensor5d(dice.normals(alpha.size), alpha.shape);
  return tf.clipByValue(tf.add(alpha, tf.mul(noise, 0.1)), 0, 1);
}
