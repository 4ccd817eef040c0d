import { beforeAll, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { openBackend } from '../../backend/open.js';
import { registerWasmKernel } from './heap.js';

beforeAll(async () => {
  registerWasmKernel('Unwritten', (heap) => heap.make([2 ** 26]));
  await openBackend('wasm');
});

it('throws when the memory of wasm is full, and can go on', () => {
  const tensors = tf.memory().numTensors;
  // 5 GB. Nothing is written, so that the pages are never taken.
  expect(() => tf.tidy(() => Array.from({ length: 20 }, () => tf.engine().runKernel('Unwritten', {})))).toThrow(
    /wasm: out of memory: 268435456 bytes do not fit; use smaller batches, or the native backend/,
  );
  expect(tf.memory().numTensors).toBe(tensors);
  expect(tf.sum(tf.ones([1000])).dataSync()[0]).toBe(1000);
});
