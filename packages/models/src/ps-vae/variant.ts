import type { DatasetFacts, ModelCard, Params, Summary } from '@trawl/spec';
import type { Objective } from './loss.js';
import type { FrameShape } from './network.js';
import type { FamilyParams } from './passes.js';
import type { Run } from './run.js';

/** What makes a model of the family out of the one trainer. */
export interface Variant {
  card: ModelCard;
  /** What it asks of a backend beyond the kernels of the family. */
  kernels?: readonly string[];
  /** The card's parameters as the trainer takes them. */
  params(raw: Params): FamilyParams;
  objective(raw: Params): Objective;
  /** Trials of one optimiser update, each of another session; 1 if not given. */
  batchTrials?(raw: Params): number;
  /** Numbers of the summary beyond those of the family, from posterior means [frames, latents] by trial. */
  summary?(run: Run, means: readonly Float32Array[]): Summary;
  /** How many latents predict labels, and how many hold the session's appearance. */
  latents(raw: Params, facts: DatasetFacts): Pick<FrameShape, 'labels' | 'background'>;
}
