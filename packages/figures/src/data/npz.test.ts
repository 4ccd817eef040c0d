import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { evaluationOf } from '../testing/evaluation.js';
import { evaluationBytes, npyOf } from '../testing/npz.js';
import { part, readEvaluation } from './evaluation.js';
import { readNpz } from './npz.js';

const npz = (files: Record<string, Uint8Array>): Uint8Array => zipSync(files);

describe('readNpz', () => {
  test.each([
    ['f4', { shape: [2, 3], data: Float32Array.of(1, -2, Number.NaN, 0.5, Number.POSITIVE_INFINITY, 6) }],
    ['i4', { shape: [2], data: Int32Array.of(-7, 70_000) }],
    ['u1', { shape: [3, 1], data: Uint8Array.of(0, 128, 255) }],
    ['an empty array', { shape: [0, 4], data: new Float32Array(0) }],
    ['a number alone', { shape: [], data: Int32Array.of(3) }],
  ])('reads %s', (_, array) => {
    expect(readNpz(npz({ 'x.npy': npyOf(array) })).arrays.get('x')).toEqual(array);
  });

  test('says which array it cannot read', () => {
    const wide = Buffer.from(
      Buffer.from(npyOf({ shape: [1], data: Float32Array.of(1) }))
        .toString('latin1')
        .replace('<f4', '<f8'),
      'latin1',
    );
    expect(() => readNpz(npz({ 'x.npy': wide }))).toThrow("x.npy is no C-order array of f4, i4 or u1: {'descr': '<f8'");
    const short = npyOf({ shape: [3], data: Float32Array.of(1, 2, 3) }).subarray(0, -1);
    expect(() => readNpz(npz({ 'x.npy': short }))).toThrow('x.npy is cut off');
  });
});

describe('readEvaluation', () => {
  test('gives back what a run left', () => {
    const evaluation = evaluationOf({ labels: 2, height: 4, width: 6, trials: 2, framesPerTrial: 3 });
    expect(readEvaluation(evaluationBytes(evaluation))).toEqual(evaluation);
  });

  test('names what is missing', () => {
    expect(() => readEvaluation(npz({ 'names.json': Buffer.from('{}') }))).toThrow(
      'evaluation.npz has no array correlation',
    );
    expect(() => readEvaluation(npz({}))).toThrow('evaluation.npz has no names.json');
  });

  test('finds one frame among all', () => {
    const { traversal_frames: frames } = evaluationOf({
      labels: 1,
      unsupervised: 1,
      base: 2,
      steps: 3,
      height: 2,
      width: 2,
    });
    expect(part(frames, 1, 0, 2)).toEqual(frames.data.subarray((6 + 2) * 4, (6 + 3) * 4));
  });
});
