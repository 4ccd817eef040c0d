import { expect, test } from 'vitest';
import { catalog } from './catalog.js';
import { trainerFor, trainerNames } from './trainers.js';

test('every model of the catalog has a trainer and every trainer a model', () => {
  expect([...trainerNames].sort()).toEqual([...catalog.keys()].sort());
});

test('a model nobody knows is named with those that there are', async () => {
  await expect(trainerFor('gan')).rejects.toThrow('model gan has no trainer; there are ps-vae');
});

test('default selections rank by a metric that the summary holds', () => {
  for (const card of catalog.values()) {
    const [split, name] = card.defaultSelection.metric.split('.');
    const metric = card.metrics.find((one) => one.name === name);
    expect(metric).toMatchObject({ summary: true, splits: expect.arrayContaining([split]) });
  }
});
