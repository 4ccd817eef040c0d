import type * as tf from '@tensorflow/tfjs-core';
import type { Variables } from '../contract.js';
import { fusedOps } from './fused.js';
import { heapUpdate } from './heapUpdate.js';
import { nativeUpdate } from './nativeUpdate.js';
import { plainUpdate } from './plainUpdate.js';

/** First and second moment; `vmax`, the largest `v` so far, with amsgrad only. */
export type Slot = 'm' | 'v' | 'vmax';

export interface AdamRule {
  /** [m, v], and vmax for amsgrad. */
  slots: readonly Slot[];
  beta1: number;
  beta2: number;
  /** l2 * p is added to every gradient. */
  l2: number;
}

/** One update's numbers, the same for every variable; bias corrections are in them. */
export interface Numbers {
  rate: number;
  epsilon: number;
}

export interface Change {
  name: string;
  variable: tf.Variable;
  gradient: tf.Tensor;
}

/**
 * How one backend keeps the moments of the variables and updates both:
 *
 *   m = b1 m + (1 - b1) g     v = b2 v + (1 - b2) g^2     vmax = max(vmax, v)     p = p - rate m / (sqrt(vmax or v) + epsilon)
 */
export interface AdamUpdate {
  /** The betas that the moments are really decayed by. */
  betas: readonly [beta1: number, beta2: number];
  apply: (changes: readonly Change[], numbers: Numbers) => void;
  /** As it is until the next update. */
  read: (name: string, slot: Slot) => tf.Tensor;
  /** Takes the value over: it may change with the next update. */
  write: (name: string, slot: Slot, value: tf.Tensor) => void;
  dispose: () => void;
}

/** The one with the fewest kernels that the open backend has. */
export function adamUpdate(variables: Variables, rule: AdamRule): AdamUpdate {
  const ops = fusedOps();
  if (ops) return nativeUpdate(ops, variables, rule);
  return heapUpdate(variables, rule) ?? plainUpdate(variables, rule);
}
