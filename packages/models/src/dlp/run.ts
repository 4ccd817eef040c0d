import * as tf from '@tensorflow/tfjs-core';
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

/** Takes the weights as they are for the best. Clones share memory with the weights until those change. */
export function keepBest(run: Run): void {
  dropBest(run);
  for (const [name, variable] of run.model.network.variables) run.best.set(name, tf.clone(variable));
}

export function dropBest({ best }: Run): void {
  for (const tensor of best.values()) tensor.dispose();
  best.clear();
}

export function restoreBest({ best, model: { network } }: Run): void {
  for (const [name, variable] of network.variables) {
    const tensor = best.get(name);
    if (!tensor) throw new Error(`no best weights of ${name}`);
    tf.tidy(() => variable.assign(tf.clone(tensor)));
  }
}

export function dispose(run: Run): void {
  dropBest(run);
  run.optimizer.dispose();
  run.model.network.dispose();
}
