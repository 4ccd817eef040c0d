import type { Catalog, DatasetFacts, Fault, MetricCard, ModelCard, Params } from '@trawl/spec';
import { z } from 'zod';

/*
 * A model that exists only for tests: two weights, a ramp that must end before training does, latents of which one goes
 * to each label, a network that is an object, and a seed of its own.
 */
const FakeParams = z.strictObject({
  latents: z.int().min(1).max(64),
  alpha: z.number().min(0).max(1000).default(100),
  beta: z.number().gt(0).default(1),
  epochs: z.int().min(1).max(500).default(50),
  ramp: z.int().min(0).default(10),
  net: z
    .strictObject({ depth: z.int().min(1).max(4).default(2), act: z.enum(['relu', 'tanh']).default('relu') })
    .prefault({}),
  activation: z.enum(['relu', 'tanh']).default('relu'),
  layers: z.array(z.int()).min(1).default([8, 8]),
  rng_seed: z.int().min(0).optional(),
});

function check(raw: Params, facts: DatasetFacts | null): Fault[] {
  const { ramp, epochs, latents, alpha } = FakeParams.parse(raw);
  const faults: Fault[] = [];
  if (ramp >= epochs) {
    const message = 'the ramp does not end before training does';
    faults.push({ path: 'ramp', message, given: ramp, allowed: `below epochs, which is ${epochs}` });
  }
  if (facts !== null && facts.labels > latents) {
    const message = `${facts.labels} labels take ${facts.labels} latents`;
    faults.push({ path: 'latents', message, given: latents, allowed: `at least ${facts.labels}` });
  }
  if (facts !== null && alpha > 0 && facts.labels === 0) {
    faults.push({
      path: 'dataset',
      message: 'alpha weighs labels, and there are none',
      given: facts.kind,
      allowed: 'labels',
    });
  }
  return faults;
}

const common = { description: '', unit: '', perEpoch: true, summary: true, contains: [] } as const;

const METRICS: readonly MetricCard[] = [
  { ...common, name: 'loss', splits: ['train', 'val'], direction: 'min', contains: ['alpha', 'beta'] },
  { ...common, name: 'mse', splits: ['train', 'val', 'test'], direction: 'min' },
  { ...common, name: 'r2', splits: ['val'], direction: 'max' },
  { ...common, name: 'weight', splits: ['train'], direction: null, summary: false },
  { ...common, name: 'norm', splits: ['train'], direction: null },
  {
    ...common,
    name: 'corr',
    splits: ['train'],
    direction: 'min',
    ineligible: (summary, _params, { minActive = 2 }) =>
      (summary['train.active'] ?? 0) >= minActive
        ? null
        : `${summary['train.active'] ?? 0} of ${minActive} latents are active`,
    value: (summary, { minActive }) =>
      summary[minActive === undefined ? 'train.corr' : 'train.corr_active'] ?? Number.NaN,
    check: (raw, facts) => {
      const { latents } = FakeParams.parse(raw);
      const free = latents - (facts?.labels ?? 0);
      if (free >= 2 || free < 0) return [];
      const message = `correlation needs 2 latents without a label, and there is ${free}`;
      return [{ path: 'latents', message, given: latents, allowed: `at least ${(facts?.labels ?? 0) + 2}` }];
    },
  },
];

export const fakeCard: ModelCard = {
  name: 'fake',
  version: '1',
  title: 'Fake',
  description: 'For tests',
  params: FakeParams,
  datasets: ['behaviour'],
  metrics: METRICS,
  defaultSelection: { metric: 'train.corr', direction: 'min' },
  seedParameter: 'rng_seed',
  check,
};

/** Another model, which takes files too and needs nothing. */
export const otherCard: ModelCard = {
  ...fakeCard,
  name: 'other',
  version: '7',
  params: z.strictObject({ gamma: z.number().default(1), epochs: z.int().min(1).default(5) }),
  datasets: ['behaviour', 'hdf5'],
  defaultSelection: { metric: 'val.mse', direction: 'min' },
  metrics: METRICS.filter(({ name }) => name === 'mse'),
  check: () => [],
};

export const fakeCatalog: Catalog = new Map([fakeCard, otherCard].map((card) => [card.name, card]));
