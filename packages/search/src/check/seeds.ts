import { joinPath, shortGiven } from '@trawl/spec';
import type { Fault } from '@trawl/spec';
import { rootOf } from '../assign.js';
import type { Axis } from './axes.js';
import type { StageDraft, SweepDraft } from './draft.js';

/**
 * A model's own seed parameter beside seeds that are given, or beside a refit, which gives its own: one of them
 * would do nothing.
 */
export function checkSeedParameter(sweep: SweepDraft, stage: StageDraft, axes: readonly Axis[]): Fault[] {
  const name = stage.card?.seedParameter;
  if (stage.kind === 'refit' || name === undefined) return [];
  const refit = sweep.stages.find(({ kind, ordinal }) => kind === 'refit' && ordinal > stage.ordinal);
  const other = stage.seeds?.at ?? (refit === undefined ? null : joinPath(refit.at, 'refit'));
  if (other === null) return [];
  const places = [
    ...(Object.hasOwn(stage.sweepParams, name)
      ? [{ path: joinPath('params', name), given: stage.sweepParams[name] }]
      : []),
    ...(Object.hasOwn(stage.ownParams, name)
      ? [{ path: joinPath(stage.at, 'params', name), given: stage.ownParams[name] }]
      : []),
    ...axes.filter(({ key }) => rootOf(key) === name).map(({ at, given }) => ({ path: at, given })),
  ];
  // null is "the run's seed".
  return places
    .filter(({ given }) => given !== null)
    .map(({ path, given }) => ({
      path,
      message: `sets the seed of the model beside ${other}`,
      given: shortGiven(given),
      allowed: `either ${name} or seeds: a run's seed sets everything that the model draws`,
    }));
}
