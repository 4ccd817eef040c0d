import { smallSpec, stagedSpec } from '../specs.js';

/** What is wrong, the spec, and the one fault that the answer must list. */
export type BadSpec = [what: string, spec: unknown, path: string, given: unknown, allowed: string | RegExp];

type Change = Record<string, unknown>;

export const withParams = (change: Change) => ({ ...smallSpec(), params: { ...smallSpec().params, ...change } });
export const withDataset = (change: Change) => ({ ...smallSpec(), dataset: { ...smallSpec().dataset, ...change } });
export const withGrid = (grid: unknown) => ({ ...smallSpec(), grid });
export const withSelect = (select: unknown) => ({ ...smallSpec(), select });
export const hdf5 = (path: unknown) => ({ ...smallSpec(), dataset: { kind: 'hdf5', path } });
export const withStage = (index: number, change: Change) => {
  const spec = stagedSpec();
  return { ...spec, stages: spec.stages.map((stage, i) => (i === index ? { ...stage, ...change } : stage)) };
};
export const without = (key: string) =>
  Object.fromEntries(Object.entries(smallSpec()).filter(([each]) => each !== key));
