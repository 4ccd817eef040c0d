import * as tf from '@tensorflow/tfjs-core';
import { disposeVariables, extractGlimpses, groupNorm, placeGlimpses, randomStreams, upsampleTwice } from '@trawl/nn';
import { particleSquares } from './background.js';
import { convBlock, through } from './blocks.js';
import { near } from './compare.testing.js';
import { composite } from './composite.js';
import { glimpseSide } from './geometry.js';
import { inImage, spatialSoftmax } from './prior.js';
import type { Handlers } from './suite.testing.js';
import type { Named, VectorCase } from './vectors.testing.js';
import { floats, numbers, shapeOf, transposed } from './vectors.testing.js';

type Value = Named[string] | undefined;
const tensor = <R extends tf.Rank>(value: Value, shape = shapeOf(value)): tf.Tensor<R> =>
  tf.tensor<R>(floats(value), shape as tf.ShapeMap[R]);
/** NCHW in, NHWC out. */
const nhwc = (value: Value): tf.Tensor4D => tf.transpose(tensor<tf.Rank.R4>(value), [0, 2, 3, 1]);
/** NCHW in; rows, channels, columns out, and back. */
const columnsLast = (value: Value): tf.Tensor4D => tf.transpose(tensor<tf.Rank.R4>(value), [0, 2, 1, 3]);
const back = (t: tf.Tensor): tf.Tensor => tf.transpose(t, t.rank === 5 ? [0, 1, 3, 2, 4] : [0, 2, 1, 3]);
const nchw = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 3, 1, 2]);

const EPSILON = 1e-4;

function softmaxCase({ inputs, outputs }: VectorCase): void {
  const { mean, spread } = spatialSoftmax(nhwc(inputs['heatmap']));
  near(mean, outputs['kp'], 1e-6, 'positions');
  near(spread, outputs['var'], 1e-5, 'spread');
}

function softmaxLoss(x: tf.Tensor): tf.Tensor {
  const { mean, spread } = spatialSoftmax(x as tf.Tensor4D);
  return tf.add(tf.sum(mean), tf.mul(tf.sum(spread), 0.5));
}

const isRank5 = (t: tf.Tensor): t is tf.Tensor5D => t.rank === 5;
/** [b, k, c, h, w] -> [b, k, h, c, w], and back. */
function turned(t: tf.Tensor): tf.Tensor5D {
  const y = tf.transpose(t, [0, 1, 3, 2, 4]);
  if (!isRank5(y)) throw new Error('rank');
  return y;
}

export const geometryVectors: Handlers = {
  spatial_softmax(of) {
    softmaxCase(of);
    const { inputs, outputs } = of;
    near(tf.sum(spatialSoftmax(nhwc(inputs['heatmap'])).spread, 2), outputs['total_var'], 1e-5, 'total');
    near(nchw(tf.grad(softmaxLoss)(nhwc(inputs['heatmap']))), outputs['grad_heatmap'], 1e-5, 'gradient');
  },
  spatial_softmax_2x2: softmaxCase,
  global_kp_64_8({ inputs, outputs, tol_abs_rel }) {
    const local = tensor<tf.Rank.R4>(inputs['local_kp']);
    const [size = 0, patch = 0] = [numbers(inputs['image_size'])[0], numbers(inputs['patch_size'])[0]];
    near(inImage(local, patch, size), outputs['global_kp'], tol_abs_rel);
  },
  glimpse_extract({ inputs, outputs, tol_abs_rel }) {
    const image = columnsLast(inputs['image']);
    const [position, scale] = [tensor<tf.Rank.R2>(inputs['z_pos']), tensor<tf.Rank.R2>(inputs['z_scale'])];
    near(nchw(extractGlimpses(image, position, scale, 4)), outputs['glimpses'], tol_abs_rel, 'glimpses');
    const upstream = nhwc(inputs['upstream']);
    const loss = (...[x, p, s]: tf.Tensor[]): tf.Tensor =>
      tf.sum(tf.mul(extractGlimpses(x as tf.Tensor4D, p as tf.Tensor2D, s as tf.Tensor2D, 4), upstream));
    const [byImage, byPosition, byScale] = tf.grads(loss)([image, position, scale]);
    near(tf.transpose(byImage!, [0, 2, 1, 3]), outputs['grad_image_sum_over_batch'], tol_abs_rel, 'by image');
    near(byPosition!, outputs['grad_z_pos'], tol_abs_rel, 'by position');
    near(byScale!, outputs['grad_z_scale'], tol_abs_rel, 'by scale');
  },
  glimpse_place({ inputs, outputs, tol_abs_rel }) {
    const patch = nhwc(inputs['patch']);
    const [position, scale] = [tensor<tf.Rank.R2>(inputs['z_pos']), tensor<tf.Rank.R2>(inputs['z_scale'])];
    near(back(placeGlimpses(patch, position, scale, [8, 8])), outputs['canvas'], tol_abs_rel, 'canvas');
    const upstream = columnsLast(inputs['upstream']);
    const loss = (...[x, p, s]: tf.Tensor[]): tf.Tensor =>
      tf.sum(tf.mul(placeGlimpses(x as tf.Tensor4D, p as tf.Tensor2D, s as tf.Tensor2D, [8, 8]), upstream));
    const [byPatch, byPosition, byScale] = tf.grads(loss)([patch, position, scale]);
    near(nchw(byPatch!), outputs['grad_patch'], tol_abs_rel, 'by patch');
    near(byPosition!, outputs['grad_z_pos'], tol_abs_rel, 'by position');
    near(byScale!, outputs['grad_z_scale'], tol_abs_rel, 'by scale');
  },
  bg_mask_odd({ inputs, outputs, tol_abs_rel }) {
    const size = numbers(inputs['feature_dim'])[0] ?? 0;
    const side = glimpseSide(numbers(inputs['anchor_s'])[0] ?? 0, size);
    const centers = tensor<tf.Rank.R2>(inputs['center'], [3, 2]);
    near(particleSquares(centers, side, size), outputs['masks'], tol_abs_rel);
  },
  depth_compositing({ inputs, outputs }) {
    const on = tensor<tf.Rank.R2>(inputs['obj_on'], [3, 1]);
    const depth = tensor<tf.Rank.R2>(inputs['depth'], [3, 1]);
    const [alpha, rgb] = [turned(tensor(inputs['alpha'])), turned(tensor(inputs['rgb']))];
    const { foreground, backgroundMask, alphaMasks } = composite(alpha, rgb, on, depth);
    near(back(foreground), outputs['fg'], 1e-5, 'foreground');
    near(back(backgroundMask), outputs['bg_mask'], 1e-5, 'mask');
    near(back(alphaMasks), outputs['alpha_masks'], 1e-5, 'alpha');
    const [upFg, upBg] = [columnsLast(inputs['up_fg']), columnsLast(inputs['up_bg'])];
    const loss = (...[a, c, t, d]: tf.Tensor[]): tf.Tensor => {
      const result = composite(a as tf.Tensor5D, c as tf.Tensor5D, t as tf.Tensor2D, d as tf.Tensor2D);
      return tf.add(tf.sum(tf.mul(result.foreground, upFg)), tf.sum(tf.mul(result.backgroundMask, upBg)));
    };
    const [byAlpha, byRgb, byOn, byDepth] = tf.grads(loss)([alpha, rgb, on, depth]);
    near(back(byAlpha!), outputs['grad_alpha'], 2e-5, 'by alpha');
    near(back(byRgb!), outputs['grad_rgb'], 1e-5, 'by rgb');
    near(byOn!, outputs['grad_obj_on'], 1e-5, 'by transparency');
    near(byDepth!, outputs['grad_depth'], 1e-5, 'by depth');
  },
  group_norm({ inputs, outputs }) {
    const [gamma, beta] = [tensor<tf.Rank.R1>(inputs['weight']), tensor<tf.Rank.R1>(inputs['bias'])];
    const y = groupNorm(nhwc(inputs['x']), gamma, beta, { groups: 4, epsilon: EPSILON, relu: false });
    near(nchw(y), outputs['y'], 2e-6);
  },
  upsample_bilinear_x2({ inputs, outputs }) {
    near(nchw(upsampleTwice(nhwc(inputs['x']))), outputs['y'], 1e-6);
  },
  conv_block_stride2({ inputs, outputs }) {
    const variables = new Map<string, tf.Variable>();
    const build = { variables, stream: randomStreams(1).get('weights'), pad: 'replicate' as const };
    const block = through(build, [convBlock(build, 'block', { in: 2, out: 4, kernel: 3, stride: 2 })]);
    const kernel = transposed(floats(inputs['conv_weight']), [4, 2, 3, 3], [2, 3, 1, 0]);
    variables.get('block.kernel')!.assign(tf.tensor(kernel, [3, 3, 2, 4]));
    variables.get('block.gamma')!.assign(tensor(inputs['gn_weight']));
    variables.get('block.beta')!.assign(tensor(inputs['gn_bias']));
    near(nchw(block(nhwc(inputs['x']))), outputs['y'], 2e-6);
    disposeVariables(variables);
  },
};
