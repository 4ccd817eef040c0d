import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { openBackend } from '../backend/open.js';
import { findNative } from '../native/builds.js';
import { randomStreams } from '../random.js';
import { PARITY_CASES, type ParityCase } from './cases.js';

/** Relative to the largest value of a result: float32 sums in another order. */
const TOLERANCE = 2e-4;
/** Relative to the gradient's length: differences are float32's, and some ops have kinks. */
const SLOPE_TOLERANCE = 0.03;

interface Result {
  output: tf.TypedArray;
  shape: number[];
  /** Of sum(output * weights) by every input. */
  gradients: tf.TypedArray[];
  /** The same by every input along one random direction: from the gradient, and from differences. */
  slopes: { gradient: number; difference: number; size: number }[];
}

const STEP = 1e-2;

function evaluate({ shapes, op, domain, gradient, name }: ParityCase): Result {
  const stream = randomStreams(1).get(name);
  const draw = (shape: number[]): tf.Tensor => tf.tensor(stream.normals(tf.util.sizeFromShape(shape)), shape);
  tf.engine().startScope();
  try {
    const inputs = shapes.map((shape) => {
      const values = stream.normals(tf.util.sizeFromShape(shape));
      return tf.tensor(domain ? values.map(domain) : values, shape);
    });
    const output = op(...inputs);
    const result: Result = { output: output.dataSync(), shape: output.shape, gradients: [], slopes: [] };
    if (gradient === false) return result;
    const weights = draw(output.shape);
    const loss = (...xs: tf.Tensor[]): tf.Scalar => tf.sum(tf.mul(op(...xs), weights));
    tf.grads(loss)(inputs).forEach((by, i) => {
      const direction = draw(by.shape);
      const at = (step: number): number => {
        const moved = inputs.map((input, j) => (j === i ? tf.add(input, tf.mul(direction, step)) : input));
        return loss(...moved).dataSync()[0]!;
      };
      result.gradients.push(by.dataSync());
      result.slopes.push({
        gradient: tf.sum(tf.mul(by, direction)).dataSync()[0]!,
        difference: (at(STEP) - at(-STEP)) / (2 * STEP),
        size: tf.norm(by).dataSync()[0]!,
      });
    });
    return result;
  } finally {
    tf.engine().endScope();
  }
}

/** The largest difference, relative to the largest wanted value; Infinity for different lengths. */
function distance(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (actual.length !== wanted.length) return Infinity;
  let [scale, worst] = [1e-3, 0];
  Array.from(wanted).forEach((value, i) => {
    scale = Math.max(scale, Math.abs(value));
    worst = Math.max(worst, Math.abs(value - actual[i]!));
  });
  return worst / scale;
}

/** Every case on cpu, then on the backend under test, whose gradients are also held against differences. */
function suite(backend: string, cases: readonly ParityCase[]): void {
  it.each(cases)('$name', async (parityCase) => {
    await tf.setBackend('cpu');
    const wanted = evaluate(parityCase.cpuWrong ? { ...parityCase, gradient: false } : parityCase);
    await tf.setBackend(backend);
    const tensors = tf.memory().numTensors;
    const actual = evaluate(parityCase);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(actual.shape).toEqual(wanted.shape);
    expect(distance(actual.output, wanted.output)).toBeLessThan(TOLERANCE);
    wanted.gradients.forEach((gradient, i) => {
      expect(distance(actual.gradients[i]!, gradient)).toBeLessThan(TOLERANCE);
    });
    for (const { gradient, difference, size } of actual.slopes) {
      expect(Math.abs(gradient - difference) / size).toBeLessThan(SLOPE_TOLERANCE);
    }
  });
}

describe('wasm computes what cpu computes', () => {
  beforeAll(() => openBackend('wasm'));
  suite('wasm', PARITY_CASES);
});

const build = await findNative();

describe.skipIf(!build)('tfjs-node-gpu computes what cpu computes (skipped where no native build is installed)', () => {
  beforeAll(() => openBackend('tfjs-node-gpu', { threads: 2 }));
  suite(
    'tensorflow',
    PARITY_CASES.filter((parityCase) => !parityCase.notNative),
  );
});
