import type { StagePlan } from '@trawl/spec';

/** The `n` smallest seeds from 1 that the sweep has not used. */
export function refitSeeds(used: Iterable<number>, n: number): number[] {
  const taken = new Set(used);
  const seeds: number[] = [];
  for (let seed = 1; seeds.length < n; seed += 1) if (!taken.has(seed)) seeds.push(seed);
  return seeds;
}

/** Seeds that a stage runs each of its cells with; `used` are all seeds of the sweep so far. */
export function stageSeeds(stage: StagePlan, used: Iterable<number>): number[] {
  return stage.refit === null ? stage.seeds : refitSeeds(used, stage.refit.seeds);
}
