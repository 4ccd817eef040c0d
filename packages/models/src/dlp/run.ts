import type * as tf from '@tensorflow/tfjs-core';
import type { ScheduledOptimizer } from '@trawl/nn';
import type { Split } from '@trawl/spec';
import { SPLITS } from '@trawl/spec';
import type { TrainContext } from '../contract.js';
import type { Frame } from './batch.js';
import type { DlpNetwork } from './network.js';
import type { DlpParams } from './params.js';
import type { RunState } from './state.js';

export interface Model {
  network: DlpNetwork;
  params: DlpParams;
}

/** A run under way. */
export interface Run {
  ctx: TrainContext;
  model: Model;
  optimizer: ScheduledOptimizer;
  frames: Record<Split, Frame[]>;
  state: RunState;
  /** Weights of `state.best`; empty before there is one. */
  best: Map<string, tf.Tensor>;
}

export const filledSplits = ({ frames }: Run): Split[] => SPLITS.filter((split) => frames[split].length > 0);

/** Batches of an epoch; what does not fill the last one is left out. */
export const batchesOf = ({ frames, model }: Run): number => Math.floor(frames.train.length / model.params.batch_size);
