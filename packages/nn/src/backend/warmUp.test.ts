import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { openBackend } from './open.js';
import { warmUp } from './warmUp.js';

it('makes a step and leaves nothing', async () => {
  await openBackend('wasm');
  const before = tf.memory().numTensors;
  expect(warmUp()).toBeGreaterThan(0);
  expect(warmUp()).toBeLessThan(1);
  expect(tf.memory().numTensors).toBe(before);
});
