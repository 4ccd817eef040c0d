import { expect, it } from 'vitest';
import { openFitness } from './fitness.js';

const MIB = 2 ** 20;
const good = { well: true, leaked: 0 };

it('takes so many runs and no more', () => {
  const fitness = openFitness(3, () => 0);
  expect([fitness.wornBy(good), fitness.wornBy(good)]).toEqual([null, null]);
  expect(fitness.wornBy(good)).toBe('it has trained 3 runs');
  expect(openFitness(1, () => 0).wornBy(good)).toBe('it has trained 1 runs');
});

it('takes none after a failure, nor with a tensor more or less than before', () => {
  expect(openFitness(9, () => 0).wornBy({ well: false, leaked: 0 })).toBe('its run failed');
  expect(openFitness(9, () => 0).wornBy({ well: true, leaked: 2 })).toBe('the run left 2 tensors');
  expect(openFitness(9, () => 0).wornBy({ well: true, leaked: -1 })).not.toBeNull();
});

it('bears some growth over what its first run needed, not over the run before', () => {
  let held = 1_000;
  const fitness = openFitness(9, (collected) => (held + (collected ? 0 : 200)) * MIB);
  const grown = [1_000, 1_200, 1_250].map((mib) => {
    held = mib;
    return fitness.wornBy(good);
  });
  expect(grown).toEqual([null, null, null]);
  held = 1_300;
  expect(fitness.wornBy(good)).toBe('it has grown by 300 MiB');
});

it('measures this process', () => {
  const fitness = openFitness(9);
  expect(fitness.wornBy(good)).toBeNull();
  const kept = Buffer.alloc(400 * MIB, 1);
  expect(fitness.wornBy(good)).toMatch(/it has grown by [34]\d\d MiB/);
  expect(kept.length).toBeGreaterThan(0);
});
