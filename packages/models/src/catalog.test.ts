import { canonicalJson, type ModelCard, sha256Hex } from '@trawl/spec';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { catalog } from './catalog.js';
import { trainerFor, trainerNames } from './trainers.js';

test('every model of the catalog has a trainer and every trainer a model', () => {
  expect([...trainerNames].sort()).toEqual([...catalog.keys()].sort());
});

test('a model nobody knows is named with those that there are', async () => {
  await expect(trainerFor('gan')).rejects.toThrow(/model gan has no trainer; there are .*ps-vae/);
});

test('default selections rank by a metric that the summary holds', () => {
  for (const card of catalog.values()) {
    const [split, name] = card.defaultSelection.metric.split('.');
    const metric = card.metrics.find((one) => one.name === name);
    expect(metric).toMatchObject({ summary: true, splits: expect.arrayContaining([split]) });
  }
});

/** Parameters of each model's version with their defaults, as a digest. */
const PARAMETERS: Readonly<Record<string, string>> = {
  'ps-vae 3': 'e428e638',
  'msps-vae 2': 'eeff0469',
  'vae 1': 'cbc57528',
  'beta-tcvae 1': 'cbc57528',
  'ae 1': 'c4b3403e',
  'dlp 2': '67e956cb',
  'ddlp 2': 'e98cb06d',
};

test.each([...catalog.values()])('the parameters of $name are those of its version', ({ name, version, params }) => {
  const { properties = {} } = z.toJSONSchema(params, { io: 'input' });
  const defaults = Object.entries(properties).map(([key, schema]) => [
    key,
    z.json().parse((typeof schema === 'object' && schema.default) ?? null),
  ]);
  const digest = sha256Hex(canonicalJson(Object.fromEntries(defaults))).slice(0, 8);
  expect(
    PARAMETERS[`${name} ${version}`],
    'Stored sweeps would be run with other parameters: raise the version of the model, and write its digest here',
  ).toBe(digest);
});

describe.each([...catalog.values()])('$name', (card: ModelCard) => {
  test('each parameter is described and has recommended values', () => {
    const { properties } = z.toJSONSchema(card.params, { io: 'input' });
    for (const [name, schema] of Object.entries(properties ?? {})) {
      expect({ name, schema }).toMatchObject({
        schema: { description: expect.any(String), recommended: expect.anything() },
      });
    }
  });

  test('metrics have names of their own, and what they contain are parameters', () => {
    const names = card.metrics.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const contained = card.metrics.flatMap(({ contains }) => contains);
    expect(Object.keys(card.params.shape)).toEqual(expect.arrayContaining(contained));
  });
});
