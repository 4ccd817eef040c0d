import type { Best, ModelCard, StagePlan } from '@trawl/spec';
import type { RankableCell, RankableRun } from './rank.js';

export interface BestInput {
  sweepId: string;
  card: ModelCard;
  /** All stages of the sweep, by ordinal. */
  stages: readonly StagePlan[];
  /** The search stage that selected. */
  stage: StagePlan;
  /** Its cells and runs. */
  cells: readonly RankableCell[];
  runs: readonly RankableRun[];
  planned: Readonly<Record<string, readonly number[]>>;
  selected: { cellId: string; why: string };
  /** Runs of the refits of this stage, of all its cells together. */
  refits: readonly RankableRun[];
  /** Another metric and direction than the stage's rule. */
  metric?: string | undefined;
  direction?: 'min' | 'max' | undefined;
}

/** What can be said of a selected cell: how good, how sure, and whether it beats the runner-up. */
export function bestOf(input: BestInput): Best {
  throw new Error(`not built: ${input.sweepId}`);
}
