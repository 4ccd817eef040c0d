import type * as tf from '@tensorflow/tfjs-core';
import type { ScheduledOptimizer } from '@trawl/nn';
import type { Split } from '@trawl/spec';
import { SPLITS } from '@trawl/spec';
import type { TrainContext } from '../../contract.js';
import type { LoopModel } from './model.js';
import type { RunState } from './state.js';

/** A run under way. */
export interface Run {
  ctx: TrainContext;
  model: LoopModel;
  optimizer: ScheduledOptimizer;
  state: RunState;
  /** Weights of `state.best`; empty before there is one. */
  best: Map<string, tf.Tensor>;
}

export const filledSplits = ({ model }: Run): Split[] => SPLITS.filter((split) => model.items[split] > 0);

/** Batches of an epoch; what does not fill the last one is left out. */
export const batchesOf = ({ items, params }: Pick<LoopModel, 'items' | 'params'>): number =>
  Math.floor(items.train / params.batch_size);
