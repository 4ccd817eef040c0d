import type { VideoDataset } from '@trawl/datasets';
import type { Backend, Checkpoint, RandomStreams } from '@trawl/nn';
import type { MetricName, ModelCard, Params, Split, Summary } from '@trawl/spec';

/** What a trainer process gives a model. Nothing else is at hand: no clock, no database, no queue. */
export interface TrainContext {
  params: Params;
  seed: number;
  dataset: VideoDataset;
  backend: Backend;
  /** Seeded generators, one independent stream a purpose (weights, rotation, shuffle, noise, ...). */
  streams: RandomStreams;
  /** Where to go on from, or null for a fresh run. */
  resume: Checkpoint | null;
  /** Weights of another run to start from, or null. */
  weights: Checkpoint | null;
  /** Uploaded weights that params name (`ModelCard.files`), by sha256. */
  files: ReadonlyMap<string, Checkpoint>;
  report(point: { epoch: number; step: number; split: Split; metrics: Record<string, number> }): void;
  progress(at: { epoch: number; epochs: number; step: number; steps: number }): void;
  /** True when enough time has passed since the last checkpoint; ask at step boundaries that can be resumed from. */
  checkpointDue(): boolean;
  /** Writes, fsyncs, renames and hands over. Metrics reported before it are stored before it becomes visible. */
  checkpoint(state: Checkpoint, at: { epoch: number; step: number }): Promise<void>;
  artifact(name: string, content: Uint8Array, mediaType: string): Promise<void>;
  log(level: 'info' | 'warn', message: string): void;
  /** Aborted when the run must stop: at the next step boundary write a checkpoint and throw `Stopped`. */
  signal: AbortSignal;
  /** Gives the event loop a turn; await it after every step. */
  breathe(): Promise<void>;
}

/** The heavy half of a model. */
export interface Trainer {
  card: ModelCard;
  /**
   * Trains one run and returns its summary by full metric name (`val.label_mse`), from the best model,
   * over whole splits, with posterior means.
   * @throws Diverged when a loss or weight is not finite; Stopped after a requested stop; InvalidData.
   */
  train(context: TrainContext): Promise<Summary & Partial<Record<MetricName, number>>>;
}

/** The run was asked to stop and its checkpoint is written. */
export class Stopped extends Error {
  override name = 'Stopped';
}
/** A loss, gradient or weight is NaN or infinite: a result, not a crash. */
export class Diverged extends Error {
  override name = 'Diverged';
}
/** The data does not fit the model or is broken. */
export class InvalidData extends Error {
  override name = 'InvalidData';
}
