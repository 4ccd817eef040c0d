import type { HostTensors } from '@trawl/nn';
import { addVariable, disposeVariables, openBackend, toHost, type Variables } from '@trawl/nn';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Diverged, InvalidData } from './contract.js';
import { resumeFrom, takeWeights } from './takeWeights.js';

const variables: Variables = new Map();
beforeAll(() => openBackend('cpu'));
beforeEach(() => void addVariable(variables, 'a', [2], Float32Array.of(8, 9)));
afterEach(() => disposeVariables(variables));

const fileOf = (shape: number[], ...data: number[]): HostTensors => ({
  a: { shape, data: Float32Array.from(data) },
  'a/m': { shape, data: Float32Array.of(Number.NaN, 0) },
});

describe('weights to start from', () => {
  it('are taken by name; the rest of the file is ignored', () => {
    takeWeights([variables], { tensors: fileOf([2], 1, 2), state: null });
    expect([...(toHost(variables)['a']?.data ?? [])]).toEqual([1, 2]);
  });

  it.each([
    [fileOf([1, 2], 1, 2), 'tensor a: shape [1, 2]; wanted [2]'],
    [{}, 'tensor a: missing; wanted shape [2]'],
    [fileOf([2], 1, Number.NaN), 'tensor a: holds NaN'],
    [fileOf([2], -Infinity, 0), 'tensor a: holds -Infinity'],
  ])('that do not fit are invalid data, and the message says whose they are: %#', (tensors, message) => {
    const take = () => takeWeights([variables], { tensors, state: { model: 'savi', version: '3' } });
    expect(take).toThrow(new InvalidData(`weights to start from (of model savi 3): ${message}`));
    expect(take).toThrow(InvalidData);
  });
});

it('a checkpoint of a run whose weights are not finite has diverged; slots are the restorer’s', () => {
  const whole = { tensors: fileOf([2], 1, 2), state: null };
  expect(() => resumeFrom(whole, variables, () => {})).not.toThrow();
  const broken = { tensors: fileOf([2], 1, Number.NaN), state: null };
  expect(() => resumeFrom(broken, variables, () => {})).toThrow(
    new Diverged('checkpoint to resume from: tensor a: holds NaN'),
  );
});
