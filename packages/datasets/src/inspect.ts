import type { DatasetFacts, DatasetSpec, Fault } from '@trawl/spec';
import { behaviourFacts, tooLarge } from './behaviour/facts.js';
import { ballsFacts, tooManyBalls } from './balls/facts.js';
import { fileHash } from './fileHash.js';
import { inspectFrames } from './frames/inspect.js';
import { inspectHdf5 } from './hdf5.js';
import { resolveInRoots } from './roots.js';
import { shapesFacts, tooManyShapes } from './shapes/facts.js';
import { inspectSessions } from './sessions.js';

/** What can be said of a file that claims to be data, of whatever format, or everything that is wrong with it. */
export async function inspectFile(file: string, at: string): Promise<{ facts: DatasetFacts } | { faults: Fault[] }> {
  // The only format of files so far; what is another is told by its first bytes.
  const inspected = await inspectHdf5(file, at);
  if ('faults' in inspected) return inspected;
  const { sha256, size } = await fileHash(file);
  return { facts: { kind: 'hdf5', hash: sha256, size, ...inspected.facts } };
}

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
    case 'shapes': {
      const fault = tooManyShapes(spec, at);
      return fault ? { faults: [fault] } : { facts: shapesFacts(spec) };
    }
    case 'balls': {
      const fault = tooManyBalls(spec, at);
      return fault ? { faults: [fault] } : { facts: ballsFacts(spec) };
    }
    case 'frames':
      return inspectFrames(spec, roots, `${at}.path`);
    case 'hdf5': {
      const place = await resolveInRoots(spec.path, roots, `${at}.path`);
      if ('faults' in place) return place;
      return inspectFile(place.file, `${at}.path`);
    }
    case 'sessions':
      return inspectSessions(spec, at, (session, place) => inspectDataset(session, { roots, at: place }));
    default:
      return spec satisfies never;
  }
}
