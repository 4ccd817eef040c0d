import { DatasetSchema } from '@trawl/spec';
import type { DatasetFacts, DatasetSpec, Fault } from '@trawl/spec';
import { describe, expect, it } from 'vitest';
import { fakeCatalog } from '../testing/fakeCard.js';
import { documentFaults } from '../testing/faults/document.js';
import { stageFaults } from '../testing/faults/stages.js';
import { parameterFaults } from '../testing/faults/parameters.js';
import { axisFaults } from '../testing/faults/axes.js';
import { pointFaults } from '../testing/faults/points.js';
import { selectionFaults } from '../testing/faults/selection.js';
import { dataFaults } from '../testing/faults/data.js';
import { good, N } from '../testing/faults/row.js';
import { checkSweep } from './checkSweep.js';

/** Facts as a generator would give them; a file of an unknown name is not there. */
async function inspect(dataset: DatasetSpec, path: string): Promise<{ facts: DatasetFacts } | { faults: Fault[] }> {
  if (dataset.kind === 'hdf5' && dataset.path !== 'there.hdf5') {
    const message = 'no such file';
    return { faults: [{ path: `${path}.path`, message, given: dataset.path, allowed: 'there.hdf5' }] };
  }
  const labels = dataset.kind === 'behaviour' ? dataset.labels : 0;
  const facts = {
    size: 0,
    trials: 6,
    frames: [8],
    height: 16,
    width: 16,
    channels: 1,
    labelMasks: false,
    frameMasks: false,
  };
  return { facts: { ...facts, kind: dataset.kind, hash: JSON.stringify(dataset), labels } };
}

const env = { catalog: fakeCatalog, inspect };
const ROWS = [
  ...documentFaults,
  ...stageFaults,
  ...parameterFaults,
  ...axisFaults,
  ...pointFaults,
  ...selectionFaults,
  ...dataFaults,
];

const like = (text: string | RegExp): unknown => (typeof text === 'string' ? text : expect.stringMatching(text));

describe('checkSweep', () => {
  it.each(ROWS)('refuses %s', async (_what, spec, path, message, given, allowed) => {
    const checked = await checkSweep(spec, env);
    const faults = checked.ok ? [] : checked.faults;
    const wanted = { path, message: like(message), ...(given === N ? {} : { given }), allowed: like(allowed) };
    expect(faults).toEqual([wanted]);
  });

  it('has a row for each of many ways to be wrong', () => {
    expect(new Set(ROWS.map(([what]) => what)).size).toBe(ROWS.length);
    expect(DatasetSchema.safeParse(good.dataset).success).toBe(true);
  });
});
