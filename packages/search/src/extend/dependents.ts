import type { StagePlan } from '@trawl/spec';
import { inheritsFrom, refitsOf } from '../cells.js';

/**
 * Stages that were built, directly or through others, on what one stage came to: searches that inherit its selected
 * cell, refits of it, stages whose runs start from its weights. `stages` are all of the sweep, by ordinal.
 */
export function dependentsOf(stages: readonly StagePlan[], ordinal: number): StagePlan[] {
  const changed = new Set([ordinal]);
  for (const stage of stages) {
    if (sourcesOf(stages, stage).some((source) => changed.has(source))) changed.add(stage.ordinal);
  }
  return stages.filter((stage) => stage.ordinal !== ordinal && changed.has(stage.ordinal));
}

function sourcesOf(stages: readonly StagePlan[], stage: StagePlan): number[] {
  const before = stage.kind === 'refit' ? refitsOf(stages, stage.ordinal) : inheritsFrom(stages, stage.ordinal);
  const weights = stages.find(({ name }) => name === stage.from?.stage);
  return [before, weights].flatMap((source) => (source ? [source.ordinal] : []));
}
