import { readdirSync, readFileSync } from 'node:fs';
import { parseSweepText } from '@trawl/spec';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { writeDataRoot } from '../support/dataRoot.js';
import { smallSpec, stagedSpec } from '../support/specs.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await writeDataRoot(api.root);
});
afterAll(() => api.close());

const post = (payload: unknown, query: string) =>
  api.inject({
    method: 'POST',
    url: `/v1/sweeps${query}`,
    payload: JSON.stringify(payload),
    headers: { 'content-type': 'application/json' },
  });

/** Anything that JSON can put in a place. */
const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    null,
    -1,
    0,
    1.5,
    1e308,
    -0,
    2 ** 53,
    '',
    ' ',
    'NaN',
    '\u0000',
    '\ud800',
    '..',
    '/',
    true,
    [],
    {},
    [[]],
    [null],
    { '': 1 },
    'x'.repeat(5_000),
    { __proto__x: 1 },
    { constructor: 1 },
    { toString: 'x' },
    Array(1_000).fill(1),
  ),
);

/** Every place in a JSON value, as the keys that lead to it. */
function places(value: unknown, at: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...at, key]))];
}

function replaceAt(value: unknown, [key, ...rest]: string[], change: (before: unknown) => unknown): unknown {
  if (key === undefined) return change(value);
  if (Array.isArray(value))
    return value.map((inner, i) => (String(i) === key ? replaceAt(inner, rest, change) : inner));
  const entries = Object.entries(Object(value)).map(([each, inner]) => [
    each,
    each === key ? replaceAt(inner, rest, change) : inner,
  ]);
  return Object.fromEntries(entries);
}

/** The specs in sweeps/, on the video that the test's data root has. */
function examples(): unknown[] {
  const folder = new URL('../../sweeps/', import.meta.url);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => {
      const parsed = parseSweepText(readFileSync(new URL(file, folder), 'utf8'), 'yaml');
      if (!parsed.ok) throw new Error(`${file}: ${JSON.stringify(parsed.faults)}`);
      return replaceAt(parsed.value, ['dataset', 'path'], () => 'mouse/data.hdf5');
    });
}

describe('a sweep with one place changed', () => {
  const specs = [
    ...examples(),
    smallSpec(),
    { ...stagedSpec(), execution: { maxParallel: 2, priority: 1, weight: 2 }, project: 'p' },
    {
      ...smallSpec(),
      dataset: { kind: 'hdf5', path: 'mouse/data.hdf5' },
      grid: { beta: { linspace: [1, 5, 3] } },
      exclude: [{ beta: 3 }],
      gate: 'review',
    },
    {
      ...smallSpec(),
      grid: undefined,
      random: { n: 3, seed: 1, space: { beta: { loguniform: [1, 20] }, alpha: { int: [1, 9] } } },
    },
    { ...smallSpec(), grid: { 'dataset.noise': [0.01, 0.05] }, zip: { alpha: [1, 2], beta: [3, 4] }, seeds: [5] },
  ].map((spec) => JSON.parse(JSON.stringify(spec)) as unknown);

  it('takes each unchanged', async () => {
    for (const spec of specs)
      expect([(await post(spec, '?dryRun=true')).statusCode, JSON.stringify(spec)]).toEqual([200, expect.any(String)]);
  });

  it.each([
    ['', 201, 300],
    ['?dryRun=true', 200, 1_200],
  ])('never answers with a 5xx to POST %s', { timeout: 300_000 }, async (query, success, numRuns) => {
    const mutant = fc.constantFrom(...specs).chain((spec) =>
      fc
        .record({
          at: fc.constantFrom(...places(spec)),
          to: anything,
          how: fc.constantFrom('replace', 'remove', 'add'),
        })
        .map(({ at, to, how }) => {
          if (how === 'replace') return replaceAt(spec, at, () => to);
          if (how === 'remove') return replaceAt(spec, at, () => undefined);
          return replaceAt(spec, at, (before) =>
            Array.isArray(before) ? [...before, to] : { ...Object(before), extra: to },
          );
        }),
    );
    const property = fc.asyncProperty(mutant, async (spec) => {
      const answer = await post(spec, query);
      expect([success, 400]).toContain(answer.statusCode);
      if (answer.statusCode === success) return;
      const { errors = [] } = problemOf(answer);
      expect(errors.length).toBeGreaterThan(0);
      for (const fault of errors)
        expect(fault).toMatchObject({ path: expect.any(String), allowed: expect.stringMatching(/./) });
    });
    await fc.assert(property, { numRuns, seed: 7 });
  });
});
