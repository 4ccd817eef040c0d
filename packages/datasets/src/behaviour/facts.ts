import type { DatasetFacts, Fault } from '@trawl/spec';
import { canonicalJson, sha256Hex } from '@trawl/spec';
import type { BehaviourSpec } from './processes.js';

/** Raised when the same parameters would give other bytes: it is part of the dataset's identity. */
const GENERATOR_VERSION = 1;

/** A trainer holds all frames in memory. */
const MOST_BYTES = 4 * 2 ** 30;

export function behaviourFacts(spec: BehaviourSpec): DatasetFacts {
  const { look, ...plain } = spec;
  // A set with a plain floor is the one that it was before there were others.
  const parameters = look === null ? plain : spec;
  return {
    kind: 'behaviour',
    hash: sha256Hex(canonicalJson({ generator: 'behaviour', version: GENERATOR_VERSION, parameters })),
    size: 0,
    trials: spec.trials,
    frames: Array.from({ length: spec.trials }, () => spec.frames),
    height: spec.height,
    width: spec.width,
    channels: 1,
    labels: spec.labels,
    labelMasks: spec.masked > 0,
    frameMasks: false,
  };
}

/** A set larger than a trainer should hold, or null. `at` is the fault's path. */
export function tooLarge({ trials, frames, height, width }: BehaviourSpec, at: string): Fault | null {
  const bytes = trials * frames * height * width;
  if (bytes <= MOST_BYTES) return null;
  return {
    path: at,
    message: 'a generated set too large for memory',
    given: `${trials} trials x ${frames} frames x ${height} x ${width} = ${bytes} bytes`,
    allowed: `up to ${MOST_BYTES} bytes`,
  };
}
