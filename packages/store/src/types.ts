import type {
  AttemptEnd,
  BackendInfo,
  Catalog,
  Cell,
  FailureClass,
  MetricPoint,
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
}

export interface StoredArtifact {
  id: string;
  name: string;
  sha256: string;
  size: number;
  epoch: number | null;
  step: number | null;
}

/** Why a held run must stop, as told by a lease renewal. */
export type LeaseAnswer = 'held' | 'paused' | 'lost';

export interface FinishedRun {
  runId: string;
  cellId: string;
  seed: number;
  state: RunState;
  failureClass: FailureClass | null;
  summary: Summary;
}

/** What the scheduler needs to advance one stage. */
export interface StageRow {
  id: string;
  sweepId: string;
  plan: StagePlan;
  state: StageState;
  reason: string | null;
  selectedCellId: string | null;
}

export type { AttemptEnd, BackendInfo, Catalog, MetricPoint, SweepPlan, SweepState };
