import { smallSpec, stagedSpec } from '../specs.js';
import { type BadSpec, withStage, without } from './badSpec.js';

/** Stages, refits, weights of other stages, execution. */
export const STAGES: BadSpec[] = [
  [
    'a stage without a name',
    withStage(0, { name: undefined }),
    'stages.0.name',
    undefined,
    '1 to 100 letters, digits, _, . and -, a letter or digit first',
  ],
  [
    'two stages of one name',
    withStage(1, { name: 'alpha' }),
    'stages.1.name',
    'alpha',
    'a name that no other stage has',
  ],
  ['no stages', { ...without('grid'), select: undefined, stages: [] }, 'stages', [], /./],
  [
    'stages and a grid',
    { ...stagedSpec(), grid: { beta: [1] } },
    'grid',
    { beta: [1] },
    'in a stage, or without stages',
  ],
  [
    'a refit without a search before',
    { ...stagedSpec(), stages: [{ name: 'refit', refit: {} }] },
    'stages.0.refit',
    {},
    'after a stage that searches',
  ],
  [
    'a refit of nothing',
    withStage(2, { refit: { top: 0, seeds: 3 } }),
    'stages.2.refit.top',
    0,
    'an integer from 1 to 100',
  ],
  [
    'a refit with a grid',
    withStage(2, { grid: { beta: [1] } }),
    'stages.2.grid',
    { beta: [1] },
    'beside refit only: name, execution',
  ],
  [
    'weights from a later stage',
    withStage(0, { from: { stage: 'beta' } }),
    'stages.0.from.stage',
    'beta',
    'an earlier search stage, and there is none',
  ],
  [
    'a priority that is no integer',
    { ...smallSpec(), execution: { priority: 0.5 } },
    'execution.priority',
    0.5,
    'an integer from -1000 to 1000',
  ],
  [
    'an unknown way of execution',
    { ...smallSpec(), execution: { maxParalel: 2 } },
    'execution.maxParalel',
    2,
    'one of: maxParallel, priority, weight, maxFailures, timeoutMinutes, stallMinutes, gpuShare',
  ],
  ['a gate that is none', { ...smallSpec(), gate: 'manual' }, 'gate', 'manual', 'one of: auto, review'],
];
