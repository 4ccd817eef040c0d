import type { DatasetFacts, TensorShapes } from '@trawl/spec';
import { UploadSchema } from '@trawl/spec';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { otherCard } from '../testing/fakeCard.js';
import { checkSweep } from './checkSweep.js';
import type { CheckEnv } from './checkSweep.js';

const params = z.strictObject({ gamma: z.number().default(1), look: UploadSchema.nullable().default(null) });
const card = { ...otherCard, params, files: { look: { 'a.weight': [2, 3], 'a.bias': [2] } } };
const facts: DatasetFacts = {
  kind: 'behaviour',
  hash: '',
  size: 0,
  trials: 6,
  frames: [8],
  height: 16,
  width: 16,
  channels: 1,
  labels: 0,
  labelMasks: false,
  frameMasks: false,
};
const named = (digit: string): string => `sha256:${digit.repeat(64)}`;
const HELD = {
  a: { 'a.weight': [2, 3], 'a.bias': [2], more: [1] },
  b: { 'a.weight': [2, 3] },
  c: { 'a.weight': [3, 2], 'a.bias': [2] },
};
const env: CheckEnv = {
  catalog: new Map([[card.name, card]]),
  inspect: async () => ({ facts }),
  tensorsOf: async (sha256) => new Map<string, TensorShapes>(Object.entries(HELD)).get(sha256.slice(0, 1)) ?? null,
};
const spec = { name: 'x', model: card.name, dataset: { kind: 'behaviour' } };
const faultsOf = async (given: object): Promise<unknown> => {
  const checked = await checkSweep({ ...spec, ...given }, env);
  return checked.ok ? [] : checked.faults.map(({ path, message }) => [path, message]);
};

it('weights that a parameter names must hold what the model wants; more is nobody’s business', async () => {
  expect(await faultsOf({ params: { look: named('a') } })).toEqual([]);
  expect(await faultsOf({ params: { look: null } })).toEqual([]);
});

it.each<[string, object, string, string]>([
  ['are not there', { params: { look: named('f') } }, 'params.look', 'no weights of this sha256 were uploaded'],
  [
    'lack a tensor',
    { params: { look: named('b') } },
    'params.look',
    'the file has no tensor a.bias, where the model wants [2]',
  ],
  [
    'have one of another shape',
    { grid: { look: [named('a'), named('c')] } },
    'grid.look.1',
    'the file has tensor a.weight of shape [3, 2], where the model wants [2, 3]',
  ],
  [
    'are those of a stage, and not there',
    { stages: [{ name: 'one', params: { look: named('f') } }] },
    'stages.0.params.look',
    'no weights of this sha256 were uploaded',
  ],
  ['are a path', { params: { look: 'vgg16.safetensors' } }, 'params.look', 'is no sha256'],
])('weights that %s are refused where they are named', async (_what, given, path, message) => {
  expect(await faultsOf(given)).toEqual([[path, message]]);
});
