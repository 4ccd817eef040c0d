import type {
  ArtifactView,
  AttemptEnd,
  AttemptView,
  AuditView,
  BackendInfo,
  Cell,
  Curve,
  DatasetDetail,
  DatasetFacts,
  DatasetView,
  FailureClass,
  GcReport,
  KeyView,
  MetricPoint,
  RunDetail,
  RunState,
  RunView,
  Scope,
  StagePlan,
  Summary,
  SweepDetail,
  SweepPlan,
  SweepState,
  SweepView,
  WorkerView,
} from '@trawl/spec';
import type { ArtifactFiles } from './artifacts/files.js';
import type { StateChange } from './stateChange.js';
import type { NamedDataset } from './sweeps/datasets.js';
import type { Extension, NotExtended } from './stages/extend.js';
import type {
  Capability,
  ClaimedRun,
  Criterion,
  LeaseAnswer,
  Page,
  RankedResults,
  RunFence,
  StageResults,
  StageRow,
  StoredArtifact,
  StoredEvent,
} from './types.js';

/*
 * Everything that the services ask of Postgres. Ids are uuid v7; an id that is none names nothing
 * (null, empty list, false), it is never an error. Every change of a state appends an event to its
 * sweep and notifies channel `trawl` in the same transaction.
 */
export interface Store {
  readonly sweeps: Sweeps;
  readonly stages: Stages;
  readonly runs: Runs;
  readonly metrics: Metrics;
  readonly artifacts: Artifacts;
  readonly datasets: Datasets;
  readonly workers: Workers;
  readonly events: Events;
  readonly keys: Keys;
  readonly audit: Audit;
  readonly stats: Stats;
  readonly projects: Projects;
  /** Throws when Postgres does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface Sweeps {
  /**
   * Stores a checked sweep and opens its first stage with `cells`. `datasets` holds the facts of each
   * stage's data by ordinal. With an idempotency key that its project knows already nothing is stored:
   * `created` is false, and `sameText` says whether it was the same submission.
   */
  create(sweep: {
    plan: SweepPlan;
    /** The document as sent, parsed. */
    spec: unknown;
    /** The document as sent. */
    text: string;
    datasets: DatasetFacts[];
    /** The further datasets that a stage's axes reach. */
    variants?: NamedDataset[] | undefined;
    cells: Cell[];
    idempotencyKey?: string | undefined;
    /** W3C trace context of the POST. */
    traceparent?: string | null;
  }): Promise<{ id: string; created: boolean; sameText: boolean }>;
  detail(id: string): Promise<SweepDetail | null>;
  /** Newest first. */
  list(query: { cursor?: string | undefined; limit: number; project?: string | undefined }): Promise<Page<SweepView>>;
  /** null when the sweep is unknown. */
  projectOf(id: string): Promise<string | null>;
  /** The stages as they are now, refits included. */
  plan(id: string): Promise<SweepPlan | null>;
  /** Runs that wait or run are cancelled at once; null when the sweep is finished or unknown. */
  cancel(id: string): Promise<SweepState | null>;
  /** Running runs write a checkpoint and go back to queued; null when it is not running. */
  pause(id: string): Promise<SweepState | null>;
  resume(id: string): Promise<SweepState | null>;
  /** Deletes a sweep with all it has; the sha256s that no artifact refers to any more, or null when unknown. */
  delete(id: string): Promise<string[] | null>;
  /** Seeds of the runs and plans of all stages, ascending; `except` is the id of a stage that does not count. */
  usedSeeds(id: string, except?: string): Promise<number[]>;
  /** Running sweeps in which nothing is left to do, with the state they should finish in. */
  settled(): Promise<{ id: string; state: 'succeeded' | 'failed' }[]>;
}

export interface Stages {
  /** In running sweeps: stages whose runs are all finished, and pending ones whose predecessors are done. */
  due(): Promise<StageRow[]>;
  list(sweepId: string): Promise<StageRow[]>;
  byName(sweepId: string, name: string): Promise<StageRow | null>;
  /**
   * pending -> running, with a run for each cell and seed. A run of the same cell, data, seed and
   * parent that the sweep has already is linked, not made again. `parents` names, by cell hash, the
   * run whose weights the cell's runs start from. null when the stage was not pending, or has another
   * `plan` than the one given.
   */
  open(
    stageId: string,
    cells: Cell[],
    seeds: number[],
    datasetHash: string,
    parents?: ReadonlyMap<string, string>,
    plan?: StagePlan,
  ): Promise<{ runs: number; linked: number } | null>;
  /**
   * A stage gets a larger plan and is pending again: it opens anew, links the runs it has and makes those
   * it lacks. So do `dependents`, which lose cells and runs until then; unfinished runs of theirs alone are
   * cancelled, and queued again if they come out the same. A sweep that is finished, or waited for one of
   * them, runs again. null when the sweep is cancelled or unknown.
   */
  extend(stageId: string, extension: Extension): Promise<'extended' | NotExtended | null>;
  /** What an Idempotency-Key was used for. */
  extensionBy(idempotencyKey: string): Promise<{ sweepId: string; body: unknown } | null>;
  results(stageId: string): Promise<StageResults>;
  /**
   * A page of the stage's cells in an order that is kept, and put right where runs have ended since. With an `axis`: of the cells
   * that are the first of their value of it. Further `cells` stand between the page's. All is of one snapshot, in which
   * everything counts that was committed before.
   */
  ranked(
    stageId: string,
    criterion: Criterion,
    wanted: { offset?: number; limit: number; cells?: readonly string[]; axis?: string | undefined },
  ): Promise<RankedResults>;
  /** The order is made anew when it is asked for next. */
  forgetOrder(stageId: string, criterion: string): Promise<void>;
  /** running -> selecting; false when another was faster. */
  selecting(stageId: string): Promise<boolean>;
  /** running, selecting or awaiting_review -> done; false also when the cell is not of the stage, or the stage has another `plan` by now. A refit stage selects nothing: `cellId` null. */
  decide(
    stageId: string,
    decision: { cellId: string | null; why: string; decidedBy: string; plan?: StagePlan },
  ): Promise<boolean>;
  /** -> awaiting_review, the sweep too. `suggested` is the rule's choice, shown until somebody approves. */
  await(
    stageId: string,
    reason: string,
    suggested?: { cellId: string; why: string },
    plan?: StagePlan,
  ): Promise<boolean>;
  fail(stageId: string, reason: string): Promise<boolean>;
  /**
   * Appends a pending stage; its ordinal is the next free one. A finished sweep runs again. null when the sweep is
   * cancelled or unknown. With `asked` it is kept what for, and done once for one key.
   */
  addRefit(
    sweepId: string,
    plan: StagePlan,
    asked?: { body: unknown; idempotencyKey?: string | undefined },
  ): Promise<{ stageId: string } | 'key-known' | null>;
  /** running or awaiting_review -> state; false when that is not where it is. */
  finishSweep(sweepId: string, state: 'succeeded' | 'failed'): Promise<boolean>;
}

export interface Runs {
  /**
   * Marks up to `limit` queued runs as dispatched to the queue of `capability`, in the order in which
   * they should run: priority, then fair share between sweeps by weight, then age; never more of a
   * sweep than its maxParallel and of a project than its limit, none of a sweep that is not running, none that is paused.
   */
  takeForDispatch(limit: number, capability: Capability): Promise<(RunFence & { sweepId: string })[]>;
  /** Queued and marked, of sweeps that run: what the queue should hold. */
  dispatched(): Promise<(RunFence & { capability: Capability })[]>;
  /** Takes marks back, as when no worker of that capability is left. */
  undispatch(runs: readonly RunFence[]): Promise<number>;
  /**
   * What a run asks of the device that it is to train on, for whoever has a job of it; null when it is unknown.
   * `alone`: it was out of memory, and has the device for itself, whatever its spec says.
   */
  demand(runId: string): Promise<{ gpuShare: number; alone: boolean; model: string } | null>;
  /** Trace contexts of the runs' sweeps, by run; of those that have one. */
  traceparents(runIds: readonly string[]): Promise<Map<string, string>>;
  /** null when the run is not queued at this fence or its sweep is not running. */
  claim(runId: string, fence: number, workerId: string): Promise<ClaimedRun | null>;
  /** Another 30 s for each run still held, and a heartbeat of the worker. Every run asked for gets an answer. */
  renew(workerId: string, held: readonly RunFence[]): Promise<Map<string, LeaseAnswer>>;
  /** The writes of a trainer: false (null) when the run is not running at this fence any more. */
  progress(runId: string, fence: number, at: { epoch: number; epochs: number; step: number }): Promise<boolean>;
  attemptInfo(runId: string, fence: number, info: BackendInfo): Promise<boolean>;
  /** Takes a damaged checkpoint away and the run back to the one before, or to its start; null when the fence is stale. */
  dropCheckpoint(
    runId: string,
    fence: number,
    artifactId: string,
  ): Promise<{ checkpoint: StoredArtifact | null } | null>;
  release(runId: string, fence: number, reason: 'paused' | 'drained'): Promise<boolean>;
  /** Also true when this very attempt succeeded before: the answer may have been lost. */
  succeed(runId: string, fence: number, summary: Summary): Promise<boolean>;
  fail(runId: string, fence: number, failure: FailureClass, message: string): Promise<'queued' | 'failed' | null>;
  /** At once, whoever runs it; null when it is finished or unknown. */
  cancel(runId: string): Promise<RunState | null>;
  /** Held back: one that runs writes a checkpoint and goes back to queued. null when it is finished, paused already or unknown. */
  pause(runId: string): Promise<RunState | null>;
  /** null when it is not paused. */
  resume(runId: string): Promise<RunState | null>;
  /** failed or cancelled -> queued with no failures; opens its stage and sweep again where they waited for it. */
  retry(runId: string): Promise<RunState | null>;
  /** Takes runs whose lease has ended from their workers. */
  reap(): Promise<{ runId: string; state: RunState }[]>;
  /** Oldest first. */
  page(
    sweepId: string,
    query: { stage?: string | undefined; state?: RunState | undefined; cursor?: string | undefined; limit: number },
  ): Promise<Page<RunView>>;
  /** Whole runs, oldest first. */
  details(sweepId: string, query: { cursor?: string | undefined; limit: number }): Promise<Page<RunDetail>>;
  /** Names of all parameters of a sweep's cells, and full names of all metrics of its runs' summaries, in order. */
  columns(sweepId: string): Promise<{ params: string[]; metrics: string[] }>;
  detail(id: string): Promise<RunDetail | null>;
  /** Its sweep's; null when the run is unknown. */
  projectOf(id: string): Promise<string | null>;
  attempts(id: string): Promise<AttemptView[]>;
}

export interface Metrics {
  /** One statement, idempotent on (run, name, split, step): the value that came first stays. false: the fence is stale, nothing was written. */
  ingest(runId: string, fence: number, points: readonly MetricPoint[]): Promise<boolean>;
  /** Curves by full name (`val.loss`). With `maxPoints`, each is thinned to at most that many, first and last kept. */
  curves(runId: string, query?: { names?: string[] | undefined; maxPoints?: number | undefined }): Promise<Curve[]>;
}

export interface NewArtifact {
  name: string;
  kind: ArtifactView['kind'];
  mediaType: string;
  sha256: string;
  size: number;
  epoch?: number | undefined;
  step?: number | undefined;
}

export interface Artifacts {
  /**
   * Makes a file of a running attempt visible; null when the fence is stale. It replaces an artifact of
   * the same run and name (logs: of the same fence too), and of checkpoints the newest two stay:
   * `dropped` are the sha256s to hand to `discard`.
   */
  record(runId: string, fence: number, artifact: NewArtifact): Promise<{ id: string; dropped: string[] } | null>;
  /** A file of no run, as uploaded weights; without a project it is everybody's. */
  addLoose(artifact: NewArtifact, project?: string | null): Promise<string>;
  /** Whether a file of no run, of this kind and content, is there. */
  hasLoose(kind: NewArtifact['kind'], sha256: string): Promise<boolean>;
  of(runId: string): Promise<ArtifactView[]>;
  get(id: string): Promise<ArtifactView | null>;
  /** Of its run's sweep, or of who sent it: null for everybody's. undefined when the artifact is unknown. */
  projectOf(id: string): Promise<string | null | undefined>;
  /** The newest. */
  checkpointOf(runId: string): Promise<StoredArtifact | null>;
  /**
   * Deletes those of the files that no artifact refers to, safe against a `record` of the same content at that
   * moment; how many went. While a backup is made none does, and `gc` finds them later.
   */
  discard(files: ArtifactFiles, sha256s: readonly string[]): Promise<number>;
  /**
   * Frees files that nobody needs any more and that are older than `graceSeconds`, or says what it would free:
   * checkpoints of runs that succeeded and of finished sweeps, files that no artifact refers to, uploads that were
   * cut off. The grace keeps what an upload under way has stored and not yet named. null while a backup is made.
   */
  gc(files: ArtifactFiles, how: { graceSeconds: number; dryRun: boolean }): Promise<GcReport | null>;
}

/** Data by its sha256, which is its id. */
export interface Datasets {
  /** Makes an uploaded file a dataset; whether it was none before. */
  upload(facts: DatasetFacts, name: string | null): Promise<{ created: boolean }>;
  get(id: string): Promise<DatasetDetail | null>;
  /** Newest first; `cursor` is the id of the last one of the page before. */
  list(query: { cursor?: string | undefined; limit: number }): Promise<Page<DatasetView>>;
  /** Takes an upload away; the sweeps (10 at most) that use it where there are any, null where it is no upload. */
  delete(id: string): Promise<{ usedBy: { id: string; name: string }[] } | null>;
}

export interface Workers {
  register(worker: {
    host: string;
    pid: number;
    slots: number;
    capability: Capability;
    devices: string[];
    version: string;
  }): Promise<string>;
  /** false when the worker is unknown or gone. */
  heartbeat(id: string): Promise<boolean>;
  gone(id: string): Promise<void>;
  list(): Promise<WorkerView[]>;
  /** Slots of the living workers, runs that run there, and runs dispatched but not yet claimed. */
  freeSlots(capability: Capability): Promise<{ slots: number; busy: number; dispatched: number }>;
}

/** `project` of a sweep's spec. One without a limit is not listed. */
export interface Projects {
  /** By name, with what they have running or dispatched now. */
  list(): Promise<{ project: string; maxParallel: number; busy: number }[]>;
  /** At most so many runs of the project run or are dispatched at once; null: no limit. */
  limit(project: string, maxParallel: number | null): Promise<void>;
}

export interface Events {
  /**
   * With a sweep: its events with `seq` above `after`. With null: those of all sweeps (of one project if given) with `id` above
   * `after`. Nothing that commits later ever comes to lie before what was read.
   */
  since(sweepId: string | null, after: number, limit: number, project?: string | null): Promise<StoredEvent[]>;
  /** The newest `seq` of a sweep, or the newest `id` of all; 0 when there is none. */
  last(sweepId: string | null): Promise<number>;
}

/** The whole service in numbers, for monitoring. */
export interface Stats {
  read(): Promise<{
    runs: ReadonlyMap<RunState, number>;
    sweeps: ReadonlyMap<SweepState, number>;
    /** Queued runs of sweeps that run, dispatched or not. */
    waiting: number;
    /** Since the database was made, but for those of deleted sweeps. */
    attempts: ReadonlyMap<AttemptEnd, number>;
    /** Metric points written since Postgres last reset its statistics. */
    points: number;
    slots: { capability: Capability; workers: number; slots: number; busy: number }[];
  }>;
}

export interface Audit {
  record(entry: Omit<AuditView, 'id' | 'at'>): Promise<void>;
  /** Newest first; of one thing if given. */
  list(query: { target?: string | undefined; cursor?: number | undefined; limit: number }): Promise<Page<AuditView>>;
}

export interface NewApiKey {
  name: string;
  scope: Scope;
  /** null: bound to none. */
  project: string | null;
  expiresAt: Date | null;
}

/** Whose key it is and what it may. */
export type KeyCheck = { ok: true; key: KeyView } | { ok: false; why: 'unknown' | 'expired' | 'revoked' };

/** With a `project` those of that project alone, with null all. */
export interface Keys {
  /** The only time that the token itself is seen. */
  create(key: NewApiKey): Promise<{ key: KeyView; token: string }>;
  /** Newest first, revoked and expired ones too. */
  list(project: string | null): Promise<KeyView[]>;
  /** null when there is no such key. */
  revoke(id: string, project: string | null): Promise<KeyView | null>;
  /** Whose token it is; notes the use. */
  check(token: string): Promise<KeyCheck>;
  /** Whether a key works still. */
  works(id: string): Promise<boolean>;
  /** Whether there is any that works. */
  any(): Promise<boolean>;
  /** Deletes keys by name: those that a process made for itself. */
  forget(name: string): Promise<void>;
}

/** Switches for the chaos tests, which must fail without the protection that each takes away. Never set elsewhere. */
export interface UnsafeSwitches {
  /** Trainers' writes ignore state and fence. */
  noFence?: true;
  /** Expired leases stay. */
  noReaper?: true;
  /** A claim does not compare. */
  noCas?: true;
}

export interface StoreOptions {
  databaseUrl: string;
  /** Connections at most. */
  poolSize?: number | undefined;
  unsafe?: UnsafeSwitches | undefined;
  /** Of claims and renewals; the same in all processes. Shorter than 30 for tests only. */
  leaseSeconds?: number | undefined;
  /** Hears of every state that this process has changed, once it is committed. */
  onChange?: ((change: StateChange) => void) | undefined;
}
