import type { RandomStream, Variables } from '@trawl/nn';
import type * as tf from '@tensorflow/tfjs-core';
import type { ModelCard, Split } from '@trawl/spec';
import type { DlpParams } from '../params.js';

/** The hyperparameters that the loop itself reads. */
export type LoopParams = Pick<
  DlpParams,
  | 'batch_size'
  | 'num_epochs'
  | 'lr'
  | 'adam_betas'
  | 'adam_eps'
  | 'weight_decay'
  | 'scheduler_gamma'
  | 'warmup_epoch'
  | 'eval_epoch_freq'
  | 'eval_im_metrics'
>;

/** Of a training step, from 0. */
export interface Moment {
  epoch: number;
  step: number;
}

/** Mean of each term of the loss over a batch. */
export type Terms = Record<string, number>;

export interface LeftFile {
  name: string;
  content: Uint8Array;
  mediaType: string;
}

/** What posterior means say of a split, gathered batch by batch. */
export interface Tally {
  /** Adds a batch and gives the terms of its loss. */
  see(batch: readonly number[]): Terms;
  /** What is to be done beside, a piece at a time, once every batch is seen. */
  more: Iterable<() => void>;
  /** By name without split; `whole` adds what only a summary has. */
  metrics(whole: boolean): Record<string, number>;
  /** What figures are drawn from; asked of the validation split of the summary. */
  files(): LeftFile[];
}

/** What a model of particles brings to the loop. A batch is of items (images or clips) of a split, by number. */
export interface LoopModel {
  card: Pick<ModelCard, 'name' | 'version'>;
  params: LoopParams;
  network: { variables: Variables; dispose(): void };
  /** What else it holds on the device. */
  tools: { dispose(): void };
  items: Record<Split, number>;
  /** What an item is, for messages: images. */
  itemName: string;
  /** Names of the terms in the order of a report; `loss` is the first, and `mse` of a pixel is among them. */
  terms: readonly string[];
  /**
   * The terms of a batch at a step; null is the settled loss of validation, the same in every epoch. `dice` null takes
   * posterior means.
   */
  loss(split: Split, batch: readonly number[], at: Moment | null, dice: RandomStream | null): Record<string, tf.Scalar>;
  tally(split: Split): Tally;
  /** What is to be seen of the weights of an epoch; absent where a model leaves nothing of it. */
  snapshot?(epoch: number): LeftFile;
}
