import * as tf from '@tensorflow/tfjs-core';
import type { Variables } from '../contract.js';
import type { AdamUpdate, Slot } from './update.js';

/** Moments as variables of TensorFlow.js, zero at first. */
export interface Slots extends Pick<AdamUpdate, 'read' | 'write' | 'dispose'> {
  at: (name: string, slot: Slot) => tf.Variable;
}

export function makeSlots(variables: Variables, slots: readonly Slot[]): Slots {
  const all = new Map<string, tf.Variable>();
  for (const [name, { shape }] of variables) {
    for (const slot of slots) {
      const zeros = tf.tidy(() => tf.variable(tf.zeros(shape), false));
      all.set(`${name}/${slot}`, zeros);
    }
  }
  const at = (name: string, slot: Slot): tf.Variable => {
    const variable = all.get(`${name}/${slot}`);
    if (!variable) throw new Error(`optimizer: no slot ${name}/${slot}`);
    return variable;
  };
  return {
    at,
    read: (name, slot) => tf.clone(at(name, slot)),
    write: (name, slot, value) => at(name, slot).assign(value),
    dispose() {
      for (const variable of all.values()) variable.dispose();
    },
  };
}
