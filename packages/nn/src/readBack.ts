import * as tf from '@tensorflow/tfjs-core';
import { isNative } from './kernels/native.js';

/** Steps that are read together on a GPU. What waits is small, but a loss that is no number is noticed so many steps late. */
export const READ_EVERY = 10;

/**
 * A GPU's steps are short, and to wait for each costs. A processor's may take seconds: it is ahead by no more than one, so
 * that a pause comes about within it.
 */
function readEvery(): number {
  const backend = tf.backend();
  return isNative(backend) && backend.isUsingGpuDevice ? READ_EVERY : 1;
}

/** Numbers of training steps that stay on the device and are read together. */
export interface ReadBack<T> {
  /** Takes a step's numbers (the tensor is the read-back's own from here on) and what they belong to. */
  add: (numbers: tf.Tensor1D, of: T) => void;
  /** Hands over all that waits, the oldest first. Throws what `take` throws; the steps after that are dropped. */
  flush: () => void;
  /** Drops what waits. */
  dispose: () => void;
}

/**
 * To read is to wait until the device has computed everything before it; in between it may work while JavaScript
 * prepares the next step.
 * @param take what one `add` gave, in order
 */
export function readBack<T>(take: (of: T, numbers: Float32Array) => void, every = readEvery()): ReadBack<T> {
  let waiting: { numbers: tf.Tensor1D; of: T }[] = [];
  const dispose = (): void => {
    for (const { numbers } of waiting) numbers.dispose();
    waiting = [];
  };
  function flush(): void {
    if (waiting.length === 0) return;
    const values = tf.tidy(() => tf.concat1d(waiting.map(({ numbers }) => tf.clone(numbers))));
    const all = values.dataSync<'float32'>();
    const steps = waiting.map(({ numbers: { size }, of }) => ({ size, of }));
    dispose();
    let at = 0;
    try {
      for (const { size, of } of steps) {
        // A copy: natively the array is the tensor's own.
        take(of, all.slice(at, at + size));
        at += size;
      }
    } finally {
      values.dispose();
    }
  }
  return {
    add(numbers, of) {
      waiting.push({ numbers: tf.keep(numbers), of });
      if (waiting.length >= every) flush();
    },
    flush,
    dispose,
  };
}
