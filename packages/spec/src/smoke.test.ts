import { describe, expect, it } from 'vitest';
import { applySmoke } from './smoke.js';

describe('applySmoke', () => {
  it('goes over the spec deep and is gone', () => {
    const spec = {
      name: 'x',
      dataset: { kind: 'behaviour', trials: 24, noise: 0.1 },
      params: { a: 1, net: { depth: 5, width: 8 } },
      seeds: [1, 2, 3],
      grid: { b: [1, 2] },
      select: { rule: 'min', metric: 'val.m' },
      smoke: { dataset: { trials: 4 }, params: { net: { depth: 1 }, c: 3 }, seeds: [1], select: { minActive: 0 } },
    };
    const before = structuredClone(spec);
    expect(applySmoke(spec)).toEqual({
      name: 'x',
      dataset: { kind: 'behaviour', trials: 4, noise: 0.1 },
      params: { a: 1, net: { depth: 1, width: 8 }, c: 3 },
      seeds: [1],
      grid: { b: [1, 2] },
      select: { rule: 'min', metric: 'val.m', minActive: 0 },
    });
    expect(spec).toEqual(before);
  });

  it('wins over what a stage sets, and only there', () => {
    const spec = {
      params: { epochs: 100 },
      stages: [
        { name: 'a', params: { epochs: 200, beta: 1 }, seeds: [4, 5], select: { metric: 'm' } },
        { name: 'b', dataset: { kind: 'behaviour', trials: 9 }, grid: { epochs: [1] } },
        { name: 'r', refit: { top: 1 } },
        'no stage',
      ],
      smoke: { params: { epochs: 1 }, seeds: [1], dataset: { trials: 3 }, select: { minActive: 0 } },
    };
    expect(applySmoke(spec)).toEqual({
      params: { epochs: 1 },
      seeds: [1],
      dataset: { trials: 3 },
      stages: [
        { name: 'a', params: { epochs: 1, beta: 1 }, seeds: [1], select: { metric: 'm', minActive: 0 } },
        { name: 'b', dataset: { kind: 'behaviour', trials: 3 }, grid: { epochs: [1] }, select: { minActive: 0 } },
        { name: 'r', refit: { top: 1 } },
        'no stage',
      ],
    });
  });

  it('replaces a dataset of another kind whole', () => {
    const spec = { dataset: { kind: 'hdf5', path: 'a.hdf5' }, smoke: { dataset: { kind: 'behaviour', trials: 4 } } };
    expect(applySmoke(spec)).toEqual({ dataset: { kind: 'behaviour', trials: 4 } });
  });

  it('leaves anything else alone', () => {
    for (const raw of [null, 'x', [1], { a: 1 }]) expect(applySmoke(raw)).toEqual(raw);
    expect(applySmoke({ a: 1, smoke: 'broken' })).toEqual({ a: 1 });
  });
});
