import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream, RandomStreams, Variables } from '@trawl/nn';
import {
  addConv,
  addConvTranspose,
  addDense,
  addVariable,
  conv,
  convTranspose,
  dense,
  disposeVariables,
  haarOrthogonal,
  spatialExpectation,
} from '@trawl/nn';
import type { Architecture } from './architecture.js';
import { featurePointsOf, layersOf, sizesOf } from './architecture.js';
import type { LabelMoments } from './labelMoments.js';
import { labelMoments } from './labelMoments.js';

const SLOPE = 0.05;
/** Maps are multiplied by it before their softmax: at first they are so flat that all points lie in the middle. */
const SHARPNESS = 4;
/** From a frame's middle to its border: with -1..1 small movements are learnt late. */
const REACH = 4;

export interface FrameShape {
  height: number;
  width: number;
  channels: number;
  /** That the model predicts: supervised latents. */
  labels: number;
  /** Latents of the session's appearance, behind the supervised ones; 0 for a model of one session. */
  background: number;
}

export interface NetworkParams {
  architecture: Architecture;
  n_ae_latents: number;
  /** Standard deviation of the sample: exp(logvar / 2) or exp(logvar); none: no posterior, the sample is the mean. */
  sampling: 'textbook' | 'behavenet' | 'none';
}

export interface PsVaeNetwork {
  /** Trained, by name. */
  variables: Variables;
  /**
   * Never trained: `rotation.kernel`, an orthogonal [d, d] matrix whose columns are A's rows (labels), then B's. A model
   * without labels has none.
   */
  frozen: Variables;
  /** [n, h, w, c] -> posterior mean (supervised latents first) and log-variance (0 without a posterior), both [n, d]. */
  encode(x: tf.Tensor4D): { mean: tf.Tensor2D; logvar: tf.Tensor2D };
  /** Predicted labels [n, K] from posterior means [n, d]: a scale and a shift of each supervised latent. */
  predictLabels(mean: tf.Tensor2D): tf.Tensor2D;
  /** mean + std * noise; all [n, d]. */
  sample(mean: tf.Tensor2D, logvar: tf.Tensor2D, noise: tf.Tensor2D): tf.Tensor2D;
  /** [n, d] -> frames [n, h, w, c] in 0..1. */
  decode(z: tf.Tensor2D): tf.Tensor4D;
  dispose(): void;
}

/**
 * The PS-VAE: f = convolutions of x; h = dense(f); mean = [A; B] h; logvar = dense(f), not rotated. Without labels mean = h.
 * With feature points (Finn et al. 2016, arXiv 1509.06113) f is where each of so many further maps is active on average.
 * Initialised as PyTorch does, from the streams `weights` and `rotation`; but predicted labels begin with `moments` (means 0
 * and standard deviations 1 where not given).
 * Source: BehaveNet vaes.py L571-601 and L1276-1363, ae_model_architecture_generator.py L707-720 at 5a5568c.
 */
export function psVaeNetwork(
  { height, width, channels, labels, background }: FrameShape,
  params: NetworkParams,
  streams: RandomStreams,
  moments: LabelMoments = labelMoments([], labels, true),
): PsVaeNetwork {
  const latents = params.n_ae_latents;
  const layers = layersOf(params.architecture);
  const sizes = sizesOf(layers, height, width);
  const depths = [channels, ...layers.map((layer) => layer.channels)];
  const [bottomHeight, bottomWidth] = sizes.at(-1) ?? [height, width];
  const bottom = [bottomHeight, bottomWidth, depths.at(-1) ?? channels] as const;
  const pixels = bottom[0] * bottom[1] * bottom[2];
  const points = featurePointsOf(params.architecture);
  const features = points === 0 ? pixels : 2 * points;

  // What the decoder undoes, deepest layer first.
  const mirrored = layers
    .map((layer, i) => ({
      kernel: layer.kernel,
      stride: layer.stride,
      in: layer.channels,
      out: depths[i] ?? channels,
      size: sizes[i] ?? ([height, width] as const),
    }))
    .toReversed();

  const variables: Variables = new Map();
  const weights = streams.get('weights');
  layers.forEach((layer, i) =>
    addConv(variables, `encoder.conv${i}`, weights, {
      in: depths[i] ?? channels,
      out: layer.channels,
      kernel: layer.kernel,
    }),
  );
  if (points > 0) {
    // No bias: a softmax does not see it.
    addConv(variables, 'encoder.points', weights, { in: bottom[2], out: points, kernel: 1, bias: false });
  }
  addDense(variables, 'encoder.mean', weights, { in: features, out: latents });
  if (params.sampling !== 'none') addDense(variables, 'encoder.logvar', weights, { in: features, out: latents });
  const predict = labels === 0 ? null : addLabelLayer(variables, labels, moments);
  const offset = background === 0 ? null : addOffset(variables, weights, { latents, background });
  addDense(variables, 'decoder.dense', weights, { in: latents, out: pixels });
  mirrored.forEach((layer, i) => addConvTranspose(variables, `decoder.conv${i}`, weights, layer));

  const frozen: Variables = new Map();
  if (labels > 0) {
    const matrix = Float32Array.from(haarOrthogonal(latents, streams.get('rotation')));
    addVariable(frozen, 'rotation.kernel', [latents, latents], matrix);
  }

  /** [n, h, w, c] -> [n, points, 2], rows and columns. */
  const positions = (top: tf.Tensor4D): tf.Tensor3D => {
    const maps = conv(variables, 'encoder.points', top, { stride: 1, slope: null });
    return spatialExpectation(tf.mul(maps, SHARPNESS), (y, x) => [REACH * y, REACH * x]);
  };

  return {
    variables,
    frozen,
    encode(x) {
      const top = layers.reduce(
        (h, { stride }, i) => conv(variables, `encoder.conv${i}`, h, { stride, slope: SLOPE }),
        x,
      );
      const f = tf.reshape<tf.Rank.R2>(points === 0 ? top : positions(top), [x.shape[0], features]);
      const h = dense(variables, 'encoder.mean', f);
      const rotated = labels > 0 ? dense(frozen, 'rotation', h) : h;
      const mean = offset
        ? tf.add<tf.Tensor2D>(rotated, tf.pad1d(offset, [labels, latents - labels - background]))
        : rotated;
      return { mean, logvar: params.sampling === 'none' ? tf.zerosLike(h) : dense(variables, 'encoder.logvar', f) };
    },
    predictLabels: (mean) => (predict ? predict(mean) : tf.zeros([mean.shape[0], 0])),
    sample(mean, logvar, noise) {
      if (params.sampling === 'none') return mean;
      return tf.add(mean, tf.mul(tf.exp(params.sampling === 'behavenet' ? logvar : tf.mul(logvar, 0.5)), noise));
    },
    decode(z) {
      const f = dense(variables, 'decoder.dense', z);
      const frames = mirrored.reduce(
        (h, { size, stride }, i) => {
          const slope = i === mirrored.length - 1 ? null : SLOPE;
          return convTranspose(variables, `decoder.conv${i}`, h, size, { stride, slope });
        },
        tf.reshape<tf.Rank.R4>(f, [z.shape[0], ...bottom]),
      );
      return tf.sigmoid(frames);
    },
    dispose() {
      disposeVariables(variables);
      disposeVariables(frozen);
    },
  };
}

/** The trained bias of the background subspace, as in MSPS-VAE's C. */
function addOffset(
  variables: Variables,
  weights: RandomStream,
  { latents, background }: { latents: number; background: number },
): tf.Tensor1D {
  const bound = 1 / Math.sqrt(latents);
  addVariable(variables, 'background.shift', [background], weights.uniforms(background, -bound, bound));
  const shift = variables.get('background.shift');
  if (!shift || !isVector(shift)) throw new Error('background.shift is no vector');
  return shift;
}

const isVector = (tensor: tf.Tensor): tensor is tf.Tensor1D => tensor.rank === 1;

/**
 * D of the paper: a scale and a shift of each supervised latent. A latent is N(0, 1) a priori, so its label is
 * N(shift, scale^2): that must be the label's own spread from the start, or the KL draws frames without labels to their
 * mean (docs/decisions/0022).
 */
function addLabelLayer(
  variables: Variables,
  labels: number,
  { mean, std }: LabelMoments,
): (mean: tf.Tensor2D) => tf.Tensor2D {
  const scale = addVariable(variables, 'labels.scale', [labels], Float32Array.from(std));
  const shift = addVariable(variables, 'labels.shift', [labels], Float32Array.from(mean));
  return (means) => tf.add(tf.mul(tf.slice(means, [0, 0], [-1, labels]), scale), shift);
}
