import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { openBackend } from './backend/open.js';
import type { Variables } from './contract.js';
import { addConv, addConvTranspose, addDense, conv, convTranspose, dense, leakyRelu, type Padding } from './layers.js';
import { haarOrthogonal } from './orthogonal.js';
import { randomStreams } from './random.js';
import { disposeVariables, fromHost, toHost, valueAndGradients } from './variables.js';

beforeAll(() => openBackend('wasm'));

const stream = (): ReturnType<ReturnType<typeof randomStreams>['get']> => randomStreams(4).get('weights');
const bound = (values: Float32Array): number => Math.max(...values.map(Math.abs));

describe('layers', () => {
  it("draw weights and biases within PyTorch's bounds", () => {
    const variables: Variables = new Map();
    addConv(variables, 'conv', stream(), { kernel: [5, 3], in: 4, out: 64 });
    addConvTranspose(variables, 'up', stream(), { kernel: 5, in: 64, out: 4 });
    addDense(variables, 'dense', stream(), { in: 50, out: 40, bias: false });
    const { 'conv.kernel': c, 'conv.bias': b, 'up.kernel': u, 'dense.kernel': d, ...rest } = toHost(variables);
    expect([c!.shape, b!.shape, u!.shape, d!.shape]).toEqual([[5, 3, 4, 64], [64], [5, 5, 4, 64], [50, 40]]);
    for (const [tensor, fanIn] of [
      [c, 60],
      [b, 60],
      [u, 100],
      [d, 50],
    ] as const) {
      expect(bound(tensor!.data)).toBeLessThanOrEqual(1 / Math.sqrt(fanIn));
      expect(bound(tensor!.data)).toBeGreaterThan(0.85 / Math.sqrt(fanIn));
    }
    expect(Object.keys(rest)).toEqual(['up.bias']);
  });

  it.each<Padding>(['same', 'valid', { rows: [1, 2], columns: [0, 3] }])(
    'transpose a convolution, padding %j',
    (pad) => {
      const variables: Variables = new Map();
      addConv(variables, 'down', stream(), { kernel: [4, 5], in: 3, out: 2, bias: false });
      const kernel = variables.get('down.kernel')!;
      const x = tf.tensor4d(stream().normals(2 * 9 * 8 * 3), [2, 9, 8, 3]);
      const y = conv(variables, 'down', x, { stride: [2, 3], pad });
      // <conv x, z> = <x, transpose z> for every z; the transposed layer's kernel has the same order of axes.
      const z = tf.tensor4d(stream().normals(y.size), y.shape);
      const back = convTranspose(new Map([['up.kernel', kernel]]), 'up', z, [9, 8], { stride: [2, 3], pad });
      expect(back.shape).toEqual(x.shape);
      expect(tf.sum(tf.mul(x, back)).dataSync()[0]).toBeCloseTo(tf.sum(tf.mul(y, z)).dataSync()[0]!, 3);
    },
  );

  it('add a bias, and name the variable that is missing', () => {
    const variables: Variables = new Map();
    addDense(variables, 'dense', stream(), { in: 2, out: 1 });
    fromHost(variables, {
      'dense.kernel': { shape: [2, 1], data: Float32Array.of(2, 3) },
      'dense.bias': { shape: [1], data: Float32Array.of(10) },
    });
    expect([...dense(variables, 'dense', tf.tensor2d([[1, 1]])).dataSync()]).toEqual([15]);
    expect(() => dense(variables, 'densse', tf.tensor2d([[1, 1]]))).toThrow(
      'variable densse.kernel does not exist; there are dense.kernel',
    );
    expect(() => conv(variables, 'dense', tf.zeros([1, 2, 2, 2]))).toThrow('layer dense is no convolution');
    expect(() => fromHost(variables, {})).toThrow('tensor dense.kernel: missing; wanted shape [2, 1]');
  });
});

describe('valueAndGradients', () => {
  it('returns terms and gradients by name, and leaves nothing behind', () => {
    const variables: Variables = new Map();
    addDense(variables, 'used', stream(), { in: 3, out: 2 });
    addDense(variables, 'unused', stream(), { in: 3, out: 2 });
    const tensors = tf.memory().numTensors;
    tf.tidy(() => {
      const { values, gradients } = valueAndGradients(variables, () => {
        const y = leakyRelu(dense(variables, 'used', tf.ones([4, 3])), 0.1);
        const loss: tf.Scalar = tf.sum(y);
        return { loss, y };
      });
      expect(values.y.shape).toEqual([4, 2]);
      expect(values.loss.dataSync()[0]).toBeCloseTo(tf.sum(values.y).dataSync()[0]!, 5);
      expect([...gradients.keys()]).toEqual(['used.kernel', 'used.bias']);
    });
    expect(tf.memory().numTensors).toBe(tensors);
    disposeVariables(variables);
    expect(tf.memory().numTensors).toBe(tensors - 4);
  });
});

describe('haarOrthogonal', () => {
  it('is orthogonal', () => {
    const n = 8;
    const q = haarOrthogonal(n, stream());
    for (let i = 0; i < n; i += 1) {
      for (let j = 0; j < n; j += 1) {
        let product = 0;
        for (let k = 0; k < n; k += 1) product += q[i * n + k]! * q[j * n + k]!;
        expect(product).toBeCloseTo(i === j ? 1 : 0, 12);
      }
    }
  });

  it('favours no direction: entries have mean 0 and variance 1/n', () => {
    const [n, draws] = [3, 4000];
    const source = stream();
    const corner = Array.from({ length: draws }, () => haarOrthogonal(n, source)[0]!);
    expect(Math.abs(corner.reduce((a, b) => a + b, 0) / draws)).toBeLessThan(0.04);
    expect(corner.reduce((a, b) => a + b * b, 0) / draws).toBeCloseTo(1 / n, 1);
  });
});
