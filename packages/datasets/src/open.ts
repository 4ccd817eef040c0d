import type { DatasetSpec } from '@trawl/spec';
import { uploadedHash } from '@trawl/spec';
import { ballsFacts, tooManyBalls } from './balls/facts.js';
import { generateBalls } from './balls/generate.js';
import { behaviourFacts, tooLarge } from './behaviour/facts.js';
import { generateBehaviour } from './behaviour/generate.js';
import type { VideoDataset } from './contract.js';
import { DatasetError } from './errors.js';
import { fileHash, fileStamp } from './fileHash.js';
import { framesPlace } from './frames/inspect.js';
import { loadFrames } from './frames/load.js';
import { loadHdf5 } from './hdf5.js';
import type { DatasetPlace } from './inspect.js';
import { resolveInRoots } from './roots.js';
import { shapesFacts, tooManyShapes } from './shapes/facts.js';
import { generateShapes } from './shapes/generate.js';
import { joinFacts } from './sessions.js';

export interface OpenPlace extends DatasetPlace {
  /** `DatasetFacts.hash` as it was when the sweep was submitted. */
  expectedHash?: string;
  /** Copies on this disk by their sha256, which they were found to have when they were fetched: roots are not looked at for these. */
  files?: Readonly<Record<string, string>> | undefined;
}

/**
 * A dataset with all its trials in memory, as bytes.
 * Throws DatasetError with every fault that `inspectDataset` would find, or where the data is not what was hashed.
 */
export async function openDataset(spec: DatasetSpec, place: OpenPlace): Promise<VideoDataset> {
  const { roots, at = 'dataset', expectedHash, files = {} } = place;
  switch (spec.kind) {
    case 'behaviour': {
      const fault = tooLarge(spec, at);
      if (fault) throw new DatasetError([fault]);
      const facts = behaviourFacts(spec);
      if (expectedHash !== undefined && facts.hash !== expectedHash) throw otherGenerator(at, facts.hash, expectedHash);
      return { facts, trials: generateBehaviour(spec) };
    }
    case 'shapes': {
      const fault = tooManyShapes(spec, at);
      if (fault) throw new DatasetError([fault]);
      const facts = shapesFacts(spec);
      if (expectedHash !== undefined && facts.hash !== expectedHash) throw otherGenerator(at, facts.hash, expectedHash);
      return { facts, trials: generateShapes(spec) };
    }
    case 'balls': {
      const fault = tooManyBalls(spec, at);
      if (fault) throw new DatasetError([fault]);
      const facts = ballsFacts(spec);
      if (expectedHash !== undefined && facts.hash !== expectedHash) throw otherGenerator(at, facts.hash, expectedHash);
      return { facts, trials: generateBalls(spec) };
    }
    case 'frames': {
      const found = await framesPlace(spec, roots, `${at}.path`);
      if ('faults' in found) throw new DatasetError(found.faults);
      const loaded = await loadFrames(spec, found);
      if (expectedHash !== undefined && loaded.facts.hash !== expectedHash) {
        throw changed(
          `${at}.path`,
          'files have changed since the sweep was submitted',
          loaded.facts.hash,
          expectedHash,
        );
      }
      return loaded;
    }
    case 'hdf5': {
      const hash = expectedHash ?? uploadedHash(spec.path);
      const fetched = hash === null ? undefined : files[hash];
      if (hash !== null && fetched !== undefined) {
        const { facts, trials } = await loadHdf5(fetched, `${at}.path`);
        const { size } = await fileStamp(fetched);
        return { facts: { kind: 'hdf5', hash, size, ...facts }, trials };
      }
      const resolved = await resolveInRoots(spec.path, roots, `${at}.path`);
      if ('faults' in resolved) throw new DatasetError(resolved.faults);
      const { file } = resolved;
      const { sha256, size, stamp } = await fileHash(file);
      const gone = 'the file has changed since the sweep was submitted';
      if (expectedHash !== undefined && sha256 !== expectedHash)
        throw changed(`${at}.path`, gone, sha256, expectedHash);
      const { facts, trials } = await loadHdf5(file, `${at}.path`);
      if ((await fileStamp(file)).stamp !== stamp) {
        throw changed(`${at}.path`, 'the file was written while it was read', undefined, sha256);
      }
      return { facts: { kind: 'hdf5', hash: sha256, size, ...facts }, trials };
    }
    case 'sessions': {
      const opened: VideoDataset[] = [];
      // One after another: each is read whole into memory.
      for (const [i, session] of spec.sessions.entries()) {
        opened.push(await openDataset(session, { roots, files, at: `${at}.sessions.${i}` }));
      }
      const joined = joinFacts(
        opened.map(({ facts }) => facts),
        `${at}.sessions`,
      );
      if ('faults' in joined) throw new DatasetError(joined.faults);
      const { facts } = joined;
      if (expectedHash !== undefined && facts.hash !== expectedHash) {
        throw changed(at, 'a session has changed since the sweep was submitted', facts.hash, expectedHash);
      }
      return { facts, trials: opened.flatMap(({ trials }) => trials) };
    }
    default:
      return spec satisfies never;
  }
}

const otherGenerator = (at: string, found: string, expected: string): DatasetError =>
  changed(at, 'the generator has changed since the sweep was submitted', found, expected);

function changed(path: string, message: string, found: string | undefined, expected: string): DatasetError {
  const given = found === undefined ? {} : { given: `sha256 ${found}` };
  const allowed = `sha256 ${expected}; put the old data back or submit a new sweep`;
  return new DatasetError([{ path, message, ...given, allowed }]);
}
