import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from '@trawl/nn';
import { spatialExpectation } from '@trawl/nn';
import type { Build } from './blocks.js';
import { featureMaps } from './blocks.js';
import type { ParticleMixer } from './mixer.js';
import { particleMixer } from './mixer.js';
import type { DlpParams } from './params.js';
import { constant } from './stop.js';

/** Keypoints (row, column) in -1..1 and their (var row, var column, covariance), [n, k, 2] and [n, k, 3]. */
export interface Keypoints {
  mean: tf.Tensor3D;
  spread: tf.Tensor3D;
}

/** Mean and covariance of the coordinates under the softmax of each map; maps [n, h, w, k]. Variances are at least 1e-6. */
export function spatialSoftmax(maps: tf.Tensor4D): Keypoints {
  const [n, , , k] = maps.shape;
  const m = spatialExpectation(maps, (y, x) => [y, x, y * y, x * x, y * x]);
  const part = (begin: number, size: number): tf.Tensor3D => tf.slice3d(m, [0, 0, begin], [n, k, size]);
  const mean = part(0, 2);
  const variance = tf.maximum<tf.Tensor3D>(tf.sub(part(2, 2), tf.square(mean)), 1e-6);
  const covariance = tf.sub<tf.Tensor3D>(part(4, 1), tf.prod(mean, 2, true));
  return { mean, spread: tf.concat<tf.Tensor3D>([variance, covariance], 2) };
}

/** [b, size, size, c] -> [b * patches, patch, patch, c], patches by row. */
export function patchesOf(x: tf.Tensor4D, patch: number): tf.Tensor4D {
  const [b, size, , c] = x.shape;
  const side = size / patch;
  const split = tf.transpose(tf.reshape(x, [b, side, patch, side, patch, c]), [0, 1, 3, 2, 4, 5]);
  return tf.reshape(split, [b * side * side, patch, patch, c]);
}

/** Keypoints inside their patches, [b, patches, k, 2], in coordinates of the image. */
export function inImage(local: tf.Tensor4D, patch: number, size: number): tf.Tensor4D {
  const side = size / patch;
  const corners = Array.from({ length: side * side }, (_, i) => [Math.floor(i / side) * patch, (i % side) * patch]);
  const pixels = tf.add(tf.mul(tf.add(local, 1), (patch - 1) / 2), tf.reshape(tf.tensor2d(corners), [1, -1, 1, 2]));
  return tf.reshape(tf.sub(tf.mul(pixels, 2 / (size - 1)), 1), local.shape);
}

export interface Prior {
  /** For the KL, [b, L, 2]; no gradient. */
  keypoints: tf.Tensor3D;
  /** Of the particles, [b, K, 2]. */
  anchors: tf.Tensor3D;
}

export interface Proposals {
  /** [b, n, 2] in coordinates of the image. */
  positions: tf.Tensor3D;
  /** [b, n, 2] in those of the patch. */
  local: tf.Tensor3D;
  /** [b, n, 3]. */
  spread: tf.Tensor3D;
}

export interface PatchPrior {
  /** x [b, size, size, c]. */
  proposals(x: tf.Tensor4D): Proposals;
  /** `columns` is x as [b, size, c, size]; `dice` draws what is kept at random. */
  filter(proposals: Proposals, columns: tf.Tensor4D, dice: RandomStream | null): Prior;
}

/** Proposes keypoints, one or more a patch, and keeps some of them. FgDLP.prior. */
export function patchPrior(build: Build, params: DlpParams): PatchPrior {
  const { patch_size, image_size, n_kp, n_kp_prior, n_kp_enc, filtering_heuristic, prior_channels } = params;
  const cnn = featureMaps(build, 'prior.cnn', {
    in: params.ch,
    channels: prior_channels,
    kernel: 3,
    out: n_kp,
    residual: params.use_resblock,
  });
  const mixer: ParticleMixer | null = filtering_heuristic === 'none' ? particleMixer(build, params) : null;
  return {
    proposals(x) {
      const { mean, spread } = spatialSoftmax(cnn(patchesOf(x, patch_size)));
      const b = x.shape[0];
      const patches = (image_size / patch_size) ** 2;
      const global = inImage(tf.reshape(mean, [b, patches, n_kp, 2]), patch_size, image_size);
      return {
        positions: tf.reshape(global, [b, -1, 2]),
        local: tf.reshape(mean, [b, -1, 2]),
        spread: tf.reshape(spread, [b, -1, 3]),
      };
    },
    filter(proposals, columns, dice) {
      const { positions } = proposals;
      if (mixer) return { keypoints: positions, anchors: mixer(positions, columns) };
      const [b, n] = positions.shape;
      const rows = tf.reshape<tf.Rank.R2>(positions, [b * n, 2]);
      const kept = constant(() => chosen(proposals, filtering_heuristic, n_kp_prior, dice));
      const keypoints = tf.reshape<tf.Rank.R3>(tf.gather(rows, kept), [b, n_kp_prior, 2]);
      return { keypoints, anchors: tf.slice3d(keypoints, [0, 0, 0], [b, n_kp_enc, 2]) };
    },
  };
}

/** Rows of the kept proposals among all images', [b * keep]. */
function chosen(
  { local, spread }: Proposals,
  heuristic: DlpParams['filtering_heuristic'],
  keep: number,
  dice: RandomStream | null,
): tf.Tensor1D {
  const [b, n] = local.shape;
  const first = tf.reshape(tf.range(0, b, 1, 'int32'), [b, 1]);
  const columns = (): tf.Tensor => {
    if (heuristic === 'random') {
      const order = dice ? dice.permutation(n) : Array.from({ length: n }, (_, i) => i);
      return tf.tensor2d([order.slice(0, keep)], [1, keep], 'int32');
    }
    const score = heuristic === 'distance' ? tf.sum(tf.square(local), 2) : tf.neg(tf.sum(spread, 2));
    return tf.topk(score, keep, true).indices;
  };
  return tf.reshape(tf.add(tf.mul(first, tf.scalar(n, 'int32')), columns()), [b * keep]);
}
