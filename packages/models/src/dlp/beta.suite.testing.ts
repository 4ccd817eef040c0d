import * as tf from '@tensorflow/tfjs-core';
import {
  betaDraw,
  betaKl,
  betaKlOp,
  betaSample,
  betaSlopes,
  digamma,
  lgamma,
  lnBeta,
  randomStreams,
  trigamma,
} from '@trawl/nn';
import { expect } from 'vitest';
import { near } from './compare.testing.js';
import type { Handlers } from './suite.testing.js';
import type { Named } from './vectors.testing.js';
import { floats, numbers } from './vectors.testing.js';

export const betaVectors: Handlers = {
  special_functions({ inputs, outputs, tol_abs_rel }) {
    const x = numbers(inputs['x']);
    near(x.map(lgamma), outputs['lgamma'], tol_abs_rel, 'lgamma');
    near(x.map(digamma), outputs['digamma'], tol_abs_rel, 'digamma');
    near(x.map(trigamma), outputs['trigamma'], tol_abs_rel, 'trigamma');
  },
  log_beta_function({ inputs, outputs, tol_abs_rel }) {
    const [a, b] = [numbers(inputs['alpha']), numbers(inputs['beta'])];
    near(
      a.map((alpha, i) => lnBeta(alpha, b[i]!, 1e-5)),
      outputs['out'],
      tol_abs_rel,
    );
  },
  kl_beta({ inputs, outputs, tol_abs_rel }) {
    const [a, b] = [numbers(inputs['alpha']), numbers(inputs['beta'])];
    for (const [prior, wanted] of Object.entries(outputs)) {
      const { kl, grad_alpha, grad_beta } = wanted as Named;
      const [alpha0 = 0, beta0 = 0] = prior.split('_').slice(1).map(Number);
      const all = a.map((alpha, i) => betaKl(alpha, b[i]!, alpha0, beta0, 1e-5));
      near(
        all.map((each) => each.kl),
        kl,
        tol_abs_rel,
        prior,
      );
      near(
        all.map((each) => each.da),
        grad_alpha,
        tol_abs_rel,
        `${prior} by a`,
      );
      near(
        all.map((each) => each.db),
        grad_beta,
        tol_abs_rel,
        `${prior} by b`,
      );
      const fill = (value: number): tf.Tensor => tf.tensor1d(a.map(() => value));
      const op = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => betaKlOp(x, y, fill(alpha0), fill(beta0), 1e-5);
      const tensors = [tf.tensor(floats(inputs['alpha'])), tf.tensor(floats(inputs['beta']))] as const;
      near(op(...tensors), kl, 1e-5, `${prior}, as an op`);
      const [da, db] = tf.grads((x, y) => tf.sum(op(x, y)))([...tensors]);
      near(da!, grad_alpha, 1e-5, `${prior} by a, as an op`);
      near(db!, grad_beta, 1e-5, `${prior} by b, as an op`);
    }
  },
  beta_rsample_implicit_gradient({ inputs, outputs, tol_abs_rel }) {
    const [x, a, b] = [numbers(inputs['x']), numbers(inputs['alpha']), numbers(inputs['beta'])];
    const slopes = x.map((value, i) => betaSlopes(a[i]!, b[i]!, value));
    // 30 digits of mpmath; torch itself is 7.5e-5 away from them.
    near(
      slopes.map(({ dxda }) => dxda),
      outputs['dx_dalpha_exact'],
      1e-6,
      'exact, by a',
    );
    near(
      slopes.map(({ dxdb }) => dxdb),
      outputs['dx_dbeta_exact'],
      1e-6,
      'exact, by b',
    );
    near(
      slopes.map(({ dxda }) => dxda),
      outputs['dx_dalpha_torch'],
      tol_abs_rel,
      'torch, by a',
    );
    near(
      slopes.map(({ dxdb }) => dxdb),
      outputs['dx_dbeta_torch'],
      tol_abs_rel,
      'torch, by b',
    );
    // The op draws what the host draws, and hands its slopes on.
    const shape = [a.length, 1];
    const tensors = [tf.tensor(floats(inputs['alpha']), shape), tf.tensor(floats(inputs['beta']), shape)] as const;
    const stream = randomStreams(3).get('beta');
    const draws = a.map((_, i) => betaDraw(Math.fround(a[i]!), Math.fround(b[i]!), stream));
    near(
      betaSample(...tensors, randomStreams(3).get('beta')),
      draws.map(({ x: drawn }) => drawn),
      1e-6,
      'draws',
    );
    const [da] = tf.grads((p, q) => tf.sum(betaSample(p, q, randomStreams(3).get('beta'))))([...tensors]);
    const wanted = draws.map(({ x: drawn, rest }, i) => betaSlopes(a[i]!, b[i]!, drawn, rest).dxda);
    near(da!, wanted, 1e-4, 'slopes of draws');
    expect(draws.every(({ x: drawn }) => drawn >= 0 && drawn <= 1)).toBe(true);
  },
};
