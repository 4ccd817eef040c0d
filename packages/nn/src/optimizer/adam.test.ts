import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { openBackend } from '../backend/open.js';
import type { Variables } from '../contract.js';
import { findNative } from '../native/builds.js';
import { addVariable } from '../variables.js';
import { adam } from './adam.js';

const build = await findNative();
/** More than wasm computes at once. */
const START = [0.5, -1.2, 2, -0.3, 0, 1];
const GRADIENTS = [
  [0.1, -2, 30, 1, 0.3, -4],
  [-0.4, -1, 0, 2, 0, 4],
  [0.2, 3, -30, 3, -0.2, 1],
  [0.01, 0.5, 12, 4, 0, 2],
];

const fresh = (): Variables => {
  const variables: Variables = new Map();
  addVariable(variables, 'p', [START.length], Float32Array.from(START));
  return variables;
};
const values = (variables: Variables): number[] => [...variables.get('p')!.dataSync()];

/** The formula in float64. */
function expected(rates: readonly number[], epsilon: number): number[] {
  const [p, m, v] = [START.slice(), START.map(() => 0), START.map(() => 0)];
  GRADIENTS.forEach((gradient, step) => {
    gradient.forEach((g, i) => {
      m[i] = 0.9 * m[i]! + 0.1 * g;
      v[i] = 0.999 * v[i]! + 0.001 * g * g;
      const corrected = m[i] / (1 - 0.9 ** (step + 1));
      p[i]! -= (rates[step]! * corrected) / (Math.sqrt(v[i] / (1 - 0.999 ** (step + 1))) + epsilon);
    });
  });
  return p;
}

describe.each(['cpu', 'wasm', ...(build ? ['tfjs-node-gpu' as const] : [])] as const)('adam on %s', (backend) => {
  beforeAll(() => openBackend(backend, { threads: 2 }));

  it('follows the formula through a schedule', () => {
    const variables = fresh();
    const optimizer = adam(variables, { learningRate: 0.1, epsilon: 1e-2 });
    const rates = [0.1, 0.1, 0.05, 0.02];
    GRADIENTS.forEach((gradient, step) => {
      optimizer.setLearningRate(rates[step]!);
      optimizer.apply(new Map([['p', tf.tensor1d(gradient)]]));
    });
    expected(rates, 1e-2).forEach((value, i) => expect(values(variables)[i]).toBeCloseTo(value, 5));
    optimizer.dispose();
  });

  it('goes on from restored slots as if nothing had happened, and leaves no tensor', () => {
    const before = tf.memory().numTensors;
    const [whole, parts] = [fresh(), fresh()];
    const optimizers = [whole, parts, parts].map((of) => adam(of, { learningRate: 0.1, l2: 0.01 }));
    const [uninterrupted, first, second] = optimizers;
    GRADIENTS.forEach((gradient, step) => {
      tf.tidy(() => {
        const gradients = new Map([['p', tf.tensor1d(gradient)]]);
        uninterrupted!.apply(gradients);
        if (step === 2) second!.restore(first!.slots());
        (step < 2 ? first : second)!.apply(gradients);
      });
    });
    expect(values(parts)).toEqual(values(whole));
    for (const optimizer of optimizers) optimizer.dispose();
    for (const of of [whole, parts]) of.get('p')!.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
