import type { DatasetFacts, DatasetSpec, Fault } from '@trawl/spec';
import { canonicalJson, sha256Hex } from '@trawl/spec';

export type ShapesSpec = Extract<DatasetSpec, { kind: 'shapes' }>;

/** Raised when the same parameters would give other bytes: it is part of the dataset's identity. */
const GENERATOR_VERSION = 1;

/** A trainer holds all pictures in memory. */
const MOST_BYTES = 4 * 2 ** 30;

/** One trial a split, of pictures that have nothing to do with one another. */
export function shapesFacts(spec: ShapesSpec): DatasetFacts {
  return {
    kind: 'shapes',
    hash: sha256Hex(canonicalJson({ generator: 'shapes', version: GENERATOR_VERSION, parameters: spec })),
    size: 0,
    trials: 3,
    frames: [spec.train, spec.val, spec.test],
    height: spec.size,
    width: spec.size,
    channels: 3,
    labels: 0,
    labelMasks: false,
    frameMasks: false,
    splits: { train: [0], val: [1], test: [2] },
  };
}

/** A set larger than a trainer should hold, or null. `at` is the fault's path. */
export function tooManyShapes({ train, val, test, size }: ShapesSpec, at: string): Fault | null {
  const bytes = (train + val + test) * size * size * 3;
  if (bytes <= MOST_BYTES) return null;
  return {
    path: at,
    message: 'a generated set too large for memory',
    given: `${train} + ${val} + ${test} pictures of ${size} x ${size} x 3 = ${bytes} bytes`,
    allowed: `up to ${MOST_BYTES} bytes`,
  };
}
