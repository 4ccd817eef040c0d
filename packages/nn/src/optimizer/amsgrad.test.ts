import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { openBackend } from '../backend/open.js';
import type { Variables } from '../contract.js';
import { findNative } from '../native/builds.js';
import { addVariable } from '../variables.js';
import { amsgrad } from './adam.js';

interface Trace {
  lr: number;
  p0: number[];
  grads: number[][];
  p_after_each_step: number[][];
}

/** Computed with torch.optim.Adam(amsgrad=True) in float64. */
const golden: Trace = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/amsgrad.json', import.meta.url), 'utf8'),
);

const build = await findNative();

const fresh = (): Variables => {
  const variables: Variables = new Map();
  addVariable(variables, 'p', [3], Float32Array.from(golden.p0));
  return variables;
};

describe.each(['cpu', 'wasm', ...(build ? ['tfjs-node-gpu' as const] : [])] as const)('amsgrad on %s', (backend) => {
  beforeAll(() => openBackend(backend, { threads: 2 }));

  it("follows torch's trace", () => {
    const variables = fresh();
    const optimizer = amsgrad(variables, { learningRate: golden.lr });
    golden.grads.forEach((gradient, step) => {
      optimizer.apply(new Map([['p', tf.tensor1d(gradient)]]));
      const p = [...variables.get('p')!.dataSync()];
      p.forEach((value, i) => expect(value).toBeCloseTo(golden.p_after_each_step[step]![i]!, 5));
    });
  });

  it('couples l2: the same as adding l2 * p to the gradient', () => {
    const [plain, coupled] = [fresh(), fresh()];
    const a = amsgrad(plain, { learningRate: 0.1 });
    const b = amsgrad(coupled, { learningRate: 0.1, l2: 0.5 });
    for (const gradient of golden.grads) {
      a.apply(new Map([['p', tf.add(tf.tensor1d(gradient), tf.mul(plain.get('p')!, 0.5))]]));
      b.apply(new Map([['p', tf.tensor1d(gradient)]]));
      expect([...coupled.get('p')!.dataSync()]).toEqual([...plain.get('p')!.dataSync()]);
    }
    a.dispose();
    b.dispose();
  });

  it('goes on from restored slots as if nothing had happened', () => {
    const [whole, parts] = [fresh(), fresh()];
    const uninterrupted = amsgrad(whole, { learningRate: 0.1 });
    const before = amsgrad(parts, { learningRate: 0.1 });
    const after = amsgrad(parts, { learningRate: 0.1 });
    golden.grads.forEach((gradient, step) => {
      if (step === 3) after.restore(before.slots());
      uninterrupted.apply(new Map([['p', tf.tensor1d(gradient)]]));
      (step < 3 ? before : after).apply(new Map([['p', tf.tensor1d(gradient)]]));
    });
    expect([...parts.get('p')!.dataSync()]).toEqual([...whole.get('p')!.dataSync()]);
    expect(() => after.restore({})).toThrow('optimizer/step: missing');
  });

  it('leaves a variable without a gradient as it is, and no tensor behind', () => {
    const variables = fresh();
    const optimizer = amsgrad(variables, { learningRate: 0.1 });
    const gradient = tf.tensor1d([1, 1, 1]);
    optimizer.apply(new Map([['p', gradient]]));
    const tensors = tf.memory().numTensors;
    optimizer.apply(new Map([['p', gradient]]));
    const p = [...variables.get('p')!.dataSync()];
    optimizer.apply(new Map());
    expect([...variables.get('p')!.dataSync()]).toEqual(p);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('changes the variable alone: not a copy of it, and from where somebody has set it', () => {
    const variables = fresh();
    const p = variables.get('p')!;
    const optimizer = amsgrad(variables, { learningRate: 0.1 });
    const update = () => optimizer.apply(new Map([['p', tf.tensor1d([1, 1, 1])]]));
    update();
    const kept = tf.clone(p);
    const before = [...kept.dataSync()];
    update();
    expect([...kept.dataSync()]).toEqual(before);
    const after = [...p.dataSync()];
    expect(after.every((value, i) => value < before[i]!)).toBe(true);
    p.assign(tf.add(p, 100));
    update();
    expect([...p.dataSync()].every((value, i) => value > after[i]! + 99)).toBe(true);
    optimizer.dispose();
  });
});
