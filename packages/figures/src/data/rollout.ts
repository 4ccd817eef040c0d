import { ROLLOUT_ARRAYS, ROLLOUT_FILE, type RolloutArray } from '@trawl/spec';
import { type NdArray, readNpz } from './npz.js';

/** rollout.npz of a run, read. */
export type Rollout = Record<RolloutArray, NdArray>;

/** @throws Error naming the array that is missing */
export function readRollout(bytes: Uint8Array): Rollout {
  const { arrays } = readNpz(bytes);
  const read = Object.keys(ROLLOUT_ARRAYS).map((name) => {
    const array = arrays.get(name);
    if (array === undefined) throw new Error(`${ROLLOUT_FILE} has no array ${name}`);
    return [name, array] as const;
  });
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- every name has been looked up
  return Object.fromEntries(read) as Rollout;
}
