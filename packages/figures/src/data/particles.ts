import type { ParticlesArray } from '@trawl/spec';
import { PARTICLES_ARRAYS } from '@trawl/spec';
import { type NdArray, readNpz } from './npz.js';

/** particles.npz of a run, read. */
export type Particles = Record<ParticlesArray, NdArray>;

/** @throws Error naming the array that is missing */
export function readParticles(bytes: Uint8Array): Particles {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- every name is looked up
  return readSome(bytes, Object.keys(PARTICLES_ARRAYS) as ParticlesArray[]);
}

/** Some of the arrays, where a file has no more. @throws Error naming the array that is missing */
export function readSome<A extends ParticlesArray>(bytes: Uint8Array, names: readonly A[]): Pick<Particles, A> {
  const { arrays } = readNpz(bytes);
  const read = names.map((name) => {
    const array = arrays.get(name);
    if (array === undefined) throw new Error(`the file of particles has no array ${name}`);
    return [name, array] as const;
  });
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- every name has been looked up
  return Object.fromEntries(read) as Pick<Particles, A>;
}
