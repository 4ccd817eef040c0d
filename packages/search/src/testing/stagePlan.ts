import { DatasetSchema } from '@trawl/spec';
import type { SelectRule, StagePlan } from '@trawl/spec';

export const minRule: SelectRule = {
  rule: 'min',
  metric: 'val.mse',
  direction: 'min',
  aggregate: 'mean',
  allowPartial: false,
  where: [],
};

/** A search stage of the fake model over one cell, with some parts of one's own. */
export function stagePlan(part: Partial<StagePlan>): StagePlan {
  return {
    name: 'search',
    ordinal: 0,
    kind: 'search',
    model: 'fake',
    modelVersion: '1',
    dataset: DatasetSchema.parse({ kind: 'behaviour' }),
    params: {},
    ownParams: {},
    space: { grid: {}, zip: {}, cells: [], exclude: [], random: null },
    seeds: [1],
    select: minRule,
    gate: 'auto',
    refit: null,
    from: null,
    execution: {
      maxParallel: null,
      priority: 0,
      weight: 1,
      maxFailures: 3,
      timeoutMinutes: null,
      stallMinutes: 30,
      gpuShare: 1,
    },
    ...part,
  };
}
