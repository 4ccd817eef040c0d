import { type DatasetFacts, type DatasetSpec, uploadedHash } from '@trawl/spec';
import { insertDataset } from '../sql/createSweep.js';
import { changed } from '../statement.js';
import type { Tx } from '../transact.js';

/** A dataset as a spec names it, and what it was found to be. */
export interface NamedDataset {
  dataset: DatasetSpec;
  facts: DatasetFacts;
}

/** Makes datasets known, in one order, so that two sweeps on the same data do not wait for each other in a circle. */
export async function storeDatasets(tx: Tx, datasets: readonly NamedDataset[]): Promise<void> {
  const ordered = datasets.toSorted((a, b) => (a.facts.hash < b.facts.hash ? -1 : 1));
  for (const { dataset, facts } of ordered) {
    await changed(tx.client, insertDataset, [
      facts.hash,
      facts.kind,
      facts.size,
      JSON.stringify(facts),
      pathOf(dataset),
    ]);
  }
}

function pathOf(dataset: DatasetSpec): string | null {
  return dataset.kind === 'hdf5' && uploadedHash(dataset.path) === null ? dataset.path : null;
}
