import * as tf from '@tensorflow/tfjs-core';
import { near } from './compare.testing.js';
import { psnrOf, ssim } from './images.js';
import { chamfer, chamferKl, gaussianKl, pairwiseKl, priorScale } from './loss.js';
import type { Handlers } from './suite.testing.js';
import type { Named } from './vectors.testing.js';
import { floats, numbers, shapeOf } from './vectors.testing.js';

type Value = Named[string] | undefined;
const tensor = <R extends tf.Rank>(value: Value): tf.Tensor<R> =>
  tf.tensor<R>(floats(value), shapeOf(value) as tf.ShapeMap[R]);
const columnsLast = (value: Value): tf.Tensor4D => tf.transpose(tensor<tf.Rank.R4>(value), [0, 2, 1, 3]);

export const lossVectors: Handlers = {
  kl_gauss_standard_prior({ inputs, outputs }) {
    const kl = gaussianKl({ mean: tensor(inputs['mu']), logvar: tensor(inputs['logvar']) });
    near(tf.sum(kl, 1), outputs['none'], 1e-6);
    near(tf.sum(kl), outputs['sum'], 1e-6);
    near(tf.div(tf.sum(kl), 5), outputs['mean'], 1e-6);
  },
  kl_gauss_given_prior_std({ inputs, outputs }) {
    const posterior = { mean: tensor(inputs['mu']), logvar: tensor(inputs['logvar']) };
    for (const [name, wanted] of Object.entries(outputs)) {
      const [, what, first = '', second = ''] =
        /^(offset|scale)_prior_(?:std|anchor)_([\d.]+)(?:_(.*))?$/.exec(name) ?? [];
      if (what === 'offset') near(tf.sum(gaussianKl(posterior, 0, Number(first)), 1), wanted, 1e-5, name);
      else if (second === 'mean') near([priorScale(Number(first))], wanted, 1e-9, name);
      else near(tf.sum(gaussianKl(posterior, priorScale(Number(first)), 0.3), 1), wanted, 1e-5, name);
    }
  },
  chamfer_kl_general({ inputs, outputs }) {
    const x = { mean: tensor<tf.Rank.R3>(inputs['mu_x']), logvar: tensor<tf.Rank.R3>(inputs['logvar_x']) };
    const y = { mean: tensor<tf.Rank.R3>(inputs['mu_y']), logvar: tensor<tf.Rank.R3>(inputs['logvar_y']) };
    near(pairwiseKl(x, y), outputs['pairwise'], 1e-5);
    near(chamfer(pairwiseKl(x, y)), outputs['chamfer'], 1e-5);
    const both = tf.div<tf.Tensor3D>(tf.add(pairwiseKl(x, y), tf.transpose(pairwiseKl(y, x), [0, 2, 1])), 2);
    near(chamfer(both), outputs['chamfer_with_reverse'], 1e-5);
  },
  chamfer_kl_as_used({ inputs, outputs }) {
    const [x, y] = [tensor<tf.Rank.R3>(inputs['mu_x']), tensor<tf.Rank.R3>(inputs['mu_y'])];
    near(chamferKl(x, y, 1), outputs['per_sample'], 1e-6);
    near(tf.mean(chamferKl(x, y, 1)), outputs['mean'], 1e-6);
    near(tf.grad((of) => tf.mean(chamferKl(of as tf.Tensor3D, y, 1)))(x), outputs['grad_mu_x'], 1e-6);
  },
  recon_mse({ inputs, outputs }) {
    const errors = tf.sum(tf.square(tf.sub(columnsLast(inputs['x']), columnsLast(inputs['rec']))), [1, 2, 3]);
    near(errors, outputs['none'], 1e-6);
    near(tf.mean(errors), outputs['mean'], 1e-6);
    near(tf.sum(errors), outputs['sum'], 1e-6);
    const mse = numbers(outputs['sum'])[0]! / (2 * 3 * 4 * 4);
    near([-10 * Math.log10(mse)], outputs['psnr_logged'], 1e-6);
  },
  piqa_ssim_psnr({ inputs, outputs, tol_abs_rel }) {
    const [x, y] = [columnsLast(inputs['x']), columnsLast(inputs['y'])];
    near(ssim(x, y), outputs['ssim'], tol_abs_rel, 'ssim');
    near(psnrOf(x, y), outputs['psnr'], tol_abs_rel, 'psnr');
  },
};
