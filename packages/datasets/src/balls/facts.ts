import type { DatasetFacts, DatasetSpec, Fault } from '@trawl/spec';
import { canonicalJson, sha256Hex } from '@trawl/spec';

export type BallsSpec = Extract<DatasetSpec, { kind: 'balls' }>;

/** Raised when the same parameters would give other bytes: it is part of the dataset's identity. */
const GENERATOR_VERSION = 1;

/** A trainer holds all frames in memory. */
const MOST_BYTES = 4 * 2 ** 30;

const from = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

/** A trial a clip: those of the training split first, then validation, then test. */
export function ballsFacts(spec: BallsSpec): DatasetFacts {
  const { train, val, test } = spec;
  const trials = train + val + test;
  return {
    kind: 'balls',
    hash: sha256Hex(canonicalJson({ generator: 'balls', version: GENERATOR_VERSION, parameters: spec })),
    size: 0,
    trials,
    frames: Array.from({ length: trials }, () => spec.frames),
    height: spec.size,
    width: spec.size,
    channels: 3,
    labels: 0,
    labelMasks: false,
    frameMasks: false,
    splits: { train: from(0, train), val: from(train, val), test: from(train + val, test) },
  };
}

/** A set larger than a trainer should hold, or null. `at` is the fault's path. */
export function tooManyBalls({ train, val, test, frames, size }: BallsSpec, at: string): Fault | null {
  const bytes = (train + val + test) * frames * size * size * 3;
  if (bytes <= MOST_BYTES) return null;
  return {
    path: at,
    message: 'a generated set too large for memory',
    given: `${train} + ${val} + ${test} clips x ${frames} frames x ${size} x ${size} x 3 = ${bytes} bytes`,
    allowed: `up to ${MOST_BYTES} bytes`,
  };
}
