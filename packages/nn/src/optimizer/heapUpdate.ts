import * as tf from '@tensorflow/tfjs-core';
import type { Variables } from '../contract.js';
import { ADAM_UPDATE } from '../kernels/wasm/adamUpdate.js';
import { makeSlots } from './slots.js';
import type { AdamRule, AdamUpdate } from './update.js';

/** One kernel a variable, which writes the moments in place; null where the backend has it not. */
export function heapUpdate(variables: Variables, { slots, beta1, beta2, l2 }: AdamRule): AdamUpdate | null {
  if (!tf.getKernel(ADAM_UPDATE, tf.getBackend())) return null;
  const { at, ...kept } = makeSlots(variables, slots);
  return {
    ...kept,
    betas: [beta1, beta2],
    apply(changes, { rate, epsilon }) {
      for (const { name, variable, gradient } of changes) {
        const moments = Object.fromEntries(slots.map((slot) => [slot, at(name, slot)]));
        tf.tidy(() => {
          const attrs = { rate, epsilon, beta1, beta2, l2 };
          variable.assign(tf.engine().runKernel(ADAM_UPDATE, { p: variable, gradient, ...moments }, attrs));
        });
      }
    },
  };
}
