import type * as tf from '@tensorflow/tfjs-core';
import type { Trial } from '@trawl/datasets';
import type { Optimizer, RandomStreams } from '@trawl/nn';
import type { ModelCard, Split } from '@trawl/spec';
import { SPLITS } from '@trawl/spec';
import type { TrainContext } from '../contract.js';
import type { Model } from './passes.js';
import type { RunState } from './state.js';

/** A run under way. */
export interface Run {
  ctx: TrainContext;
  card: ModelCard;
  /** Of training: order, noise. */
  streams: RandomStreams;
  model: Model;
  optimizer: Optimizer;
  /** Session of each trial. */
  sessionOf: number[];
  /** Trials of an optimiser update, each of another session. */
  batchTrials: number;
  /** Trial indices. */
  splits: Record<Split, number[]>;
  /** By trial index: noise [frames, latents] of every evaluation, the same all through the run. */
  fixedNoise: Float32Array[];
  state: RunState;
  /** Trained weights of `state.best`; empty before there is one. */
  best: Map<string, tf.Tensor>;
}

export function trialAt({ ctx: { dataset } }: Run, index: number): Trial {
  const trial = dataset.trials[index];
  if (!trial) throw new Error(`no trial ${index}; there are ${dataset.trials.length}`);
  return trial;
}

export const noiseAt = ({ fixedNoise }: Run, index: number): Float32Array => fixedNoise[index] ?? new Float32Array(0);

export const filledSplits = ({ splits }: Run): Split[] => SPLITS.filter((split) => splits[split].length > 0);

/** Trained and frozen weights by name. */
export const allWeights = ({ network }: Model): Map<string, tf.Variable> =>
  new Map([...network.variables, ...network.frozen]);
