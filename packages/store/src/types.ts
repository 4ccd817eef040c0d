import type {
  AttemptEnd,
  BackendInfo,
  Catalog,
  Cell,
  FailureClass,
  MetricPoint,
  Params,
  RunState,
  StagePlan,
  StageState,
  Summary,
  SweepPlan,
  SweepState,
} from '@trawl/spec';

/** What a claim hands to a worker: all it needs to train. */
export interface ClaimedRun {
  runId: string;
  sweepId: string;
  fence: number;
  seed: number;
  cell: Cell;
  datasetHash: string;
  stallMinutes: number;
  timeoutMinutes: number | null;
  /** Newest checkpoint; metric points later than its step are gone already. */
  checkpoint: StoredArtifact | null;
  weights: StoredArtifact | null;
  /** Its stage starts from another run's weights: where `weights` is null the run cannot start. */
  weightsWanted: boolean;
  /** Uploaded weights that the cell's params name; one that is not here is not there any more. */
  files: StoredArtifact[];
}

export interface StoredArtifact {
  id: string;
  name: string;
  sha256: string;
  size: number;
  epoch: number | null;
  step: number | null;
}

/** Why a held run must stop, as told by a lease renewal. `lost`: it is cancelled or belongs to another by now. */
export type LeaseAnswer = 'held' | 'paused' | 'lost';

export type Capability = 'cpu' | 'gpu';

/** A run at the fence at which it was dispatched or claimed. */
export interface RunFence {
  runId: string;
  fence: number;
}

export interface FinishedRun {
  runId: string;
  cellId: string;
  seed: number;
  state: RunState;
  failureClass: FailureClass | null;
  failureMessage: string | null;
  /** Empty until the run has succeeded. */
  summary: Summary;
}

export interface CellOfStage {
  cellId: string;
  point: Params;
  params: Params;
}

/** All that ranking and selecting read of one stage. */
export interface StageResults {
  /** In the order in which the stage was expanded. */
  cells: CellOfStage[];
  runs: FinishedRun[];
  /** Seeds of each cell, by cell id. */
  planned: Record<string, number[]>;
}

/** An order of a stage's cells. What a cell stands by depends on itself and its own runs alone. */
export interface Criterion {
  /** Another criterion has another name. */
  name: string;
  /** Cell by cell: less is better; null has no rank, and comes last. */
  sortKeys(results: StageResults): (number | null)[];
  /** Of all cells of the stage: the place of each among cells of equal keys. */
  tieOrder(cells: readonly CellOfStage[]): number[];
}

/** Some of a stage's cells, best first, with their runs. */
export interface RankedResults extends StageResults {
  /** Of each cell in turn: the key it stands by, and as the how manieth it stands; null for what is not of the page. */
  standing: { sort: number | null; at: number | null }[];
}

/** What the scheduler needs to advance one stage. */
export interface StageRow {
  id: string;
  sweepId: string;
  name: string;
  ordinal: number;
  plan: StagePlan;
  state: StageState;
  reason: string | null;
  selectedCellId: string | null;
  /** Of the selection. */
  why: string | null;
  /** sha256 of the stage's dataset as it was when the sweep was made. */
  datasetHash: string;
}

export interface Page<T> {
  items: T[];
  /** Hand it back as `cursor`; null on the last page. */
  nextCursor: string | null;
}

/** `id` orders all events of all sweeps by commit; `seq` counts 1, 2, 3 within the sweep without gaps. */
export interface StoredEvent {
  id: number;
  sweepId: string;
  seq: number;
  /** ISO 8601. */
  at: string;
  type: EventType;
  data: Record<string, unknown>;
}

/** `run`: { runId, state, fence, ... }; `stage`: { stageId, name, state, ... }; `sweep`: { state, ... }. */
export type EventType = 'run' | 'stage' | 'sweep';

/**
 * A wake-up, never a message to rely on: read the database for what happened.
 * `control`: a running run must stop, renew leases now. `resync`: the listening connection was lost
 * and is back, anything may have happened.
 */
export interface Notification {
  kind: EventType | 'control' | 'resync';
  sweepId?: string;
  runId?: string;
}

export type { AttemptEnd, BackendInfo, Catalog, MetricPoint, SweepPlan, SweepState };
