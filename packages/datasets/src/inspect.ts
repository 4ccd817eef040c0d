import type { DatasetFacts, DatasetSpec, Fault } from '@trawl/spec';
import { behaviourFacts, tooLarge } from './behaviour/facts.js';
import { fileHash } from './fileHash.js';
import { inspectHdf5 } from './hdf5.js';
import { resolveInRoots } from './roots.js';

export interface DatasetPlace {
  /** Folders below which a relative path is looked up, in this order. */
  roots: readonly string[];
  /** Where the spec stands in the document: its faults' paths begin with it. `dataset` unless told. */
  at?: string;
}

/** What can be said of a dataset before training on it, or everything that is wrong with it. Reads no frames. */
export async function inspectDataset(
  spec: DatasetSpec,
  { roots, at = 'dataset' }: DatasetPlace,
): Promise<{ facts: DatasetFacts } | { faults: Fault[] }> {
  switch (spec.kind) {
    case 'behaviour': {
      const fault = tooLarge(spec, at);
      return fault ? { faults: [fault] } : { facts: behaviourFacts(spec) };
    }
    case 'hdf5': {
      const place = await resolveInRoots(spec.path, roots, `${at}.path`);
      if ('faults' in place) return place;
      const inspected = await inspectHdf5(place.file, `${at}.path`);
      if ('faults' in inspected) return inspected;
      const { sha256, size } = await fileHash(place.file);
      return { facts: { kind: 'hdf5', hash: sha256, size, ...inspected.facts } };
    }
    default:
      return spec satisfies never;
  }
}
