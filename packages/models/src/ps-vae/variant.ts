import type { DatasetFacts, ModelCard, Params } from '@trawl/spec';
import type { Objective } from './loss.js';
import type { FrameShape } from './network.js';
import type { FamilyParams } from './passes.js';

/** What makes a model of the family out of the one trainer. */
export interface Variant {
  card: ModelCard;
  /** The card's parameters as the trainer takes them. */
  params(raw: Params): FamilyParams;
  objective(raw: Params): Objective;
  /** How many latents predict labels, and how many hold the session's appearance. */
  latents(raw: Params, facts: DatasetFacts): Pick<FrameShape, 'labels' | 'background'>;
}
