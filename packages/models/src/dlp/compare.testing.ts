import type * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { Named } from './vectors.testing.js';
import { numbers } from './vectors.testing.js';

/** Every |got - wanted| is within tolerance * (1 + |wanted|). */
export function near(
  got: tf.Tensor | ArrayLike<number>,
  wanted: Named[string] | ArrayLike<number> | undefined,
  tolerance: number,
  what = '',
): void {
  const values = 'dataSync' in got && typeof got.dataSync === 'function' ? got.dataSync() : (got as ArrayLike<number>);
  const want = ArrayBuffer.isView(wanted) ? Array.from(wanted as ArrayLike<number>) : numbers(wanted as Named[string]);
  expect(values.length, `${what}: how many`).toBe(want.length);
  const worst = want.reduce(
    (most, value, i) =>
      Math.max(most, Math.abs(values[i]! - value) / (1 + Math.abs(value)) || (values[i] === value ? 0 : Infinity)),
    0,
  );
  expect(worst, `${what}: largest error`).toBeLessThanOrEqual(tolerance);
}
