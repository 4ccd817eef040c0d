import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { openBackend } from './backend/open.js';
import { readBack } from './readBack.js';

beforeAll(async () => {
  await openBackend('wasm');
});

it('reads so many together, in order, and leaves nothing', () => {
  const before = tf.memory().numTensors;
  const taken: [string, number[]][] = [];
  const { add, flush, dispose } = readBack<string>((of, numbers) => void taken.push([of, [...numbers]]), 3);
  add(tf.tensor1d([0.1, Number.NaN]), 'a');
  add(tf.tensor1d([1]), 'b');
  expect(taken).toEqual([]);
  add(tf.tensor1d([2, 3, 4]), 'c');
  expect(taken).toEqual([
    ['a', [Math.fround(0.1), Number.NaN]],
    ['b', [1]],
    ['c', [2, 3, 4]],
  ]);
  add(tf.tensor1d([5]), 'd');
  flush();
  flush();
  expect(taken.slice(3)).toEqual([['d', [5]]]);
  add(tf.tensor1d([6]), 'e');
  dispose();
  expect(taken).toHaveLength(4);
  expect(tf.memory().numTensors).toBe(before);
});

it('takes its tensors out of a tidy', () => {
  const taken: number[] = [];
  const { add, flush } = readBack<null>((_, [number = 0]) => void taken.push(number), 10);
  for (const value of [1, 2]) tf.tidy(() => add(tf.add<tf.Tensor1D>(tf.tensor1d([value]), 1), null));
  flush();
  expect(taken).toEqual([2, 3]);
});

it('drops what comes after a fault', () => {
  const before = tf.memory().numTensors;
  const seen: number[] = [];
  const { add, flush } = readBack<number>((step) => {
    seen.push(step);
    if (step === 2) throw new Error('step 2');
  }, 10);
  for (const step of [1, 2, 3]) add(tf.tensor1d([step]), step);
  expect(flush).toThrow('step 2');
  flush();
  expect(seen).toEqual([1, 2]);
  expect(tf.memory().numTensors).toBe(before);
});

it('waits for each step where there is no GPU', () => {
  const taken: number[] = [];
  const { add } = readBack<null>((_, [number = 0]) => void taken.push(number));
  add(tf.tensor1d([1]), null);
  expect(taken).toEqual([1]);
});
