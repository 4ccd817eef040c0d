import type { Fault } from '@trawl/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemOf, startApi, type TestApi } from '../support/api.js';
import { writeDataRoot } from '../support/dataRoot.js';
import { hdf5, withParams } from '../support/faults/badSpec.js';
import { DATASET } from '../support/faults/dataset.js';
import { DOCUMENT } from '../support/faults/document.js';
import { PARAMS } from '../support/faults/params.js';
import { SELECT } from '../support/faults/select.js';
import { SPACE } from '../support/faults/space.js';
import { STAGES } from '../support/faults/stages.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await writeDataRoot(api.root);
});
afterAll(() => api.close());

const post = (payload: unknown, query = '?dryRun=true') =>
  api.inject({
    method: 'POST',
    url: `/v1/sweeps${query}`,
    payload: JSON.stringify(payload),
    headers: { 'content-type': 'application/json' },
  });

async function faultsOf(spec: unknown): Promise<Fault[]> {
  const problem = problemOf(await post(spec));
  expect(problem).toMatchObject({ status: 400, type: 'urn:trawl:problem:invalid-body' });
  return problem.errors ?? [];
}

const exactly = (text: string) => new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`);

const BAD = [...DOCUMENT, ...SPACE, ...PARAMS, ...SELECT, ...DATASET, ...STAGES];

describe('a sweep with one fault', () => {
  it.each(BAD)('%s', async (_, spec, path, given, allowed) => {
    expect(await faultsOf(spec)).toEqual([
      {
        path,
        message: expect.stringMatching(/./),
        ...(given === undefined ? {} : { given }),
        allowed: expect.stringMatching(typeof allowed === 'string' ? exactly(allowed) : allowed),
      },
    ]);
  });
});

describe('a sweep with many faults', () => {
  it('lists them all in one answer', async () => {
    const faults = await faultsOf({
      ...withParams({ bta: 1, anneal_epochs: 9 }),
      seeds: [1, 1.5],
      grid: { alpha: ['NaN'], gamma: [1] },
      select: { rule: 'min', metric: 'val.los' },
      dataset: { kind: 'hdf5', path: 'nothing.hdf5' },
    });
    expect(faults.map((fault) => fault.path).sort()).toEqual([
      'dataset.path',
      'grid.alpha.0',
      'grid.gamma',
      'params.anneal_epochs',
      'params.bta',
      'seeds.1',
      'select.metric',
    ]);
  });

  it('takes data that is sound', async () => {
    const answer = await post({ ...hdf5('mouse/data.hdf5'), select: { metric: 'val.label_mse' } });
    expect([answer.statusCode, answer.body]).toEqual([200, expect.any(String)]);
  });
});
