import type { DatasetFacts, Params } from '@trawl/spec';
import { faultsOf } from '@trawl/spec';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { mspsVaeCard } from './card.js';
import { MspsVaeParams } from './params.js';

const facts: DatasetFacts = {
  kind: 'sessions',
  hash: '',
  size: 0,
  trials: 22,
  frames: Array.from({ length: 22 }, () => 32),
  height: 64,
  width: 64,
  channels: 1,
  labels: 2,
  labelMasks: false,
  frameMasks: false,
  sessions: [12, 10],
};
const paramsOf = (given: object): Params =>
  z.record(z.string(), z.json()).parse(MspsVaeParams.parse({ n_ae_latents: 7, ...given }));
const check = (given: object, data: Partial<DatasetFacts> = {}) =>
  mspsVaeCard.check(paramsOf(given), { ...facts, ...data });

test('two sessions and the defaults are legal', () => {
  expect(check({})).toEqual([]);
  expect(mspsVaeCard.check(paramsOf({}), null)).toEqual([]);
});

test.each([
  ['n_ae_latents', { n_ae_latents: 4 }, {}, '5 to 64'],
  ['n_sessions_per_batch', { n_sessions_per_batch: 3 }, {}, 'at most 2'],
  ['dataset', { n_sessions_per_batch: 2 }, { frames: [32, 2, 32] }, 'at least 3 frames'],
  ['dataset', {}, { labels: 0 }, 'a dataset with labels'],
  ['dataset', {}, { labels: 63 }, 'leave labels out'],
  ['trial_splits', {}, { trials: 18, sessions: [12, 6] }, 'at most 6 trials'],
  ['architecture', {}, { height: 16, width: 16 }, 'fewer layers'],
  ['anneal_epochs', { max_n_epochs: 10 }, {}, 'below max_n_epochs'],
])('%s is at fault', (path, given, data, cure) => {
  expect(check(given, data)).toMatchObject([
    { path, given: expect.anything(), allowed: expect.stringContaining(cure) },
  ]);
});

test('latent correlation needs two latents beside labels and background', () => {
  const card = mspsVaeCard.metrics.find(({ name }) => name === 'latent_correlation');
  expect(card?.check?.(paramsOf({ n_ae_latents: 6 }), facts)).toMatchObject([
    { path: 'n_ae_latents', allowed: '7 to 64' },
  ]);
  expect(card?.check?.(paramsOf({}), facts)).toEqual([]);
});

test('more than 64 latents are refused, with the range that is legal', () => {
  const raw = { n_ae_latents: 65 };
  const { error } = MspsVaeParams.safeParse(raw);
  expect(faultsOf(error!, raw, MspsVaeParams)).toMatchObject([
    { path: 'n_ae_latents', given: 65, allowed: 'an integer from 3 to 64' },
  ]);
});
