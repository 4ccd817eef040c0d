import type {
  Direction,
  FailureClass,
  ModelCard,
  Params,
  RankedCell,
  RunState,
  Summary,
  WhereClause,
} from '@trawl/spec';

export interface RankableCell {
  cellId: string;
  point: Params;
  params: Params;
}

export interface RankableRun {
  runId: string;
  cellId: string;
  seed: number;
  state: RunState;
  failureClass: FailureClass | null;
  failureMessage?: string | null;
  /** Empty until it succeeded. */
  summary: Summary;
}

export interface RankInput {
  card: ModelCard;
  cells: readonly RankableCell[];
  runs: readonly RankableRun[];
  /** Seeds that each cell is to be run with, by cell id. */
  planned: Readonly<Record<string, readonly number[]>>;
  /** Full name, as `train.latent_correlation`. */
  metric: string;
  direction: Direction;
  aggregate: 'mean' | 'median';
  minActive?: number | undefined;
  /** Rank a cell by the seeds it has although others are missing or failed. */
  allowPartial: boolean;
  where: readonly WhereClause[];
}

/** All cells, best first; those that cannot be ranked come last and say why. */
export function rankCells(input: RankInput): RankedCell[] {
  throw new Error(`not built: ${input.metric}`);
}

/** For each value of a parameter its best cell, ranked anew. */
export function rankBy(ranked: readonly RankedCell[], parameter: string): RankedCell[] {
  throw new Error(`not built: ${ranked.length} ${parameter}`);
}
