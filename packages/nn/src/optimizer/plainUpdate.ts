import * as tf from '@tensorflow/tfjs-core';
import type { Variables } from '../contract.js';
import { makeSlots } from './slots.js';
import type { AdamRule, AdamUpdate } from './update.js';

/** Ten to fourteen kernels a variable, on any backend. */
export function plainUpdate(variables: Variables, { slots, beta1, beta2, l2 }: AdamRule): AdamUpdate {
  const { at, ...kept } = makeSlots(variables, slots);
  return {
    ...kept,
    betas: [beta1, beta2],
    apply(changes, { rate, epsilon }) {
      for (const { name, variable, gradient } of changes) {
        tf.tidy(() => {
          const g = l2 === 0 ? gradient : tf.add(gradient, tf.mul(variable, l2));
          const [m, v] = [at(name, 'm'), at(name, 'v')];
          m.assign(tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1)));
          v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2)));
          const vmax = slots.includes('vmax') ? at(name, 'vmax') : v;
          if (vmax !== v) vmax.assign(tf.maximum(vmax, v));
          variable.assign(tf.sub(variable, tf.div(tf.mul(m, rate), tf.add(tf.sqrt(vmax), epsilon))));
        });
      }
    },
  };
}
