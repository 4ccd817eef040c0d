import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { betaVectors } from './beta.suite.testing.js';
import { videoVectors } from '../ddlp/model.suite.testing.js';
import { blocksSuite } from './blocks.suite.testing.js';
import { geometryVectors } from './geometry.suite.testing.js';
import { lossVectors } from './loss.suite.testing.js';
import { modelVectors } from './model.suite.testing.js';
import type { VectorCase } from './vectors.testing.js';
import { mulberry32, numbers, vectorCases } from './vectors.testing.js';

export type Handlers = Record<string, (of: VectorCase) => void>;

const handlers: Handlers = {
  mulberry32({ inputs, outputs }) {
    const wanted = numbers(outputs['u']);
    const drawn = numbers(inputs['seeds']).flatMap((seed) => {
      const draw = mulberry32(seed);
      return Array.from({ length: 8 }, () => draw());
    });
    expect(drawn).toEqual(wanted);
  },
  ...betaVectors,
  ...geometryVectors,
  ...lossVectors,
  ...modelVectors,
  ...videoVectors,
};

/** Every vector on the backend that is open. */
export function dlpSuite(): void {
  blocksSuite();

  test('every case of the vectors has a handler', () => {
    expect(Object.keys(handlers).toSorted()).toEqual(Object.keys(vectorCases).toSorted());
  });
  describe('against DDLP', () => {
    test.each(Object.keys(handlers))('%s', (name) => {
      const before = tf.memory().numTensors;
      tf.engine().startScope();
      try {
        handlers[name]!(vectorCases[name]!);
      } finally {
        tf.engine().endScope();
      }
      expect(tf.memory().numTensors).toBe(before);
    });
  });
}
