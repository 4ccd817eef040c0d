import type { DatasetSpec } from './dataset.js';
import type { Direction } from './metrics.js';
import type { Params, ParamValue } from './values.js';

/** Bounds on a metric: `select.where` keeps only cells whose aggregate lies within. */
export interface WhereClause {
  metric: string;
  atLeast?: number | undefined;
  atMost?: number | undefined;
}

/** How a stage names its best cell. */
export interface SelectRule {
  rule: 'min' | 'max' | 'smallest-within' | 'largest-within' | 'knee' | 'manual';
  metric: string;
  /** Resolved: from the rule (`min`, `max`) or given or the metric's own. */
  direction: Direction;
  aggregate: 'mean' | 'median';
  /** smallest-within, largest-within, knee: the parameter whose values are walked. */
  parameter?: string | undefined;
  /** smallest-within, largest-within: within factor x best, or best + absolute. */
  tolerance?: { factor?: number | undefined; absolute?: number | undefined } | undefined;
  /** Fewer active latents than usual are enough (the mean then runs over active pairs). */
  minActive?: number | undefined;
  /** Select although cells are missing or some of a cell's seeds failed. */
  allowPartial: boolean;
  where: WhereClause[];
}

/** One axis drawn at random. */
export type Draw =
  | { uniform: [number, number] }
  | { loguniform: [number, number] }
  | { int: [number, number] }
  | { choice: ParamValue[] };

/**
 * What a stage varies, with every axis written out as values. Keys are parameter names or paths
 * (`dataset.task`). A point of the space is one assignment of all its keys.
 */
export interface Space {
  grid: Record<string, ParamValue[]>;
  /** Axes of one length that move together. */
  zip: Record<string, ParamValue[]>;
  /** Explicit points, crossed with grid and zip. */
  cells: Params[];
  /** Points that match every key of one of these are left out. */
  exclude: Params[];
  random: { n: number; seed: number; space: Record<string, Draw> } | null;
}

export interface Execution {
  /** At most this many runs of the sweep running or handed out at once; null = no limit. */
  maxParallel: number | null;
  /** Higher goes first. */
  priority: number;
  /** Share against other sweeps of the same priority. */
  weight: number;
  /** A run fails for good at its n-th failure. */
  maxFailures: number;
  /** Of one attempt; null = no limit. */
  timeoutMinutes: number | null;
  /** No sign of training for so long: stopped as `stalled`. */
  stallMinutes: number;
  /** Part of a GPU a run takes, 0..1. Nothing reads it yet. */
  gpuShare: number;
}

/** Where a spec says nothing. */
export const EXECUTION_DEFAULTS: Readonly<Execution> = {
  maxParallel: null,
  priority: 0,
  weight: 1,
  maxFailures: 3,
  timeoutMinutes: null,
  stallMinutes: 30,
  gpuShare: 1,
};

/** One stage with everything resolved that does not depend on an earlier stage's selection. */
export interface StagePlan {
  name: string;
  ordinal: number;
  kind: 'search' | 'refit';
  model: string;
  modelVersion: string;
  dataset: DatasetSpec;
  /**
   * Where the space varies the dataset: `DatasetFacts.hash` of each dataset of its cells as it was when the sweep was
   * posted, by sha256 of the dataset's canonical JSON.
   */
  datasetHashes?: Record<string, string> | undefined;
  /** Of the sweep; a previous stage's selected cell (same model) goes over these ... */
  params: Params;
  /** ... then the stage's own, then the point of its space. */
  ownParams: Params;
  space: Space;
  seeds: number[];
  select: SelectRule | null;
  gate: 'auto' | 'review';
  /** Refit stages: the best `top` cells of the stage before, each with `seeds` unused seeds. */
  refit: { top: number; seeds: number } | null;
  from: { stage: string; artifact: string; match: 'selected' | 'cell' } | null;
  /** sha256 of uploaded weights that its runs start from, instead of a stage's. */
  weights?: string | undefined;
  execution: Execution;
}

/** A checked sweep: what the database stores beside the text that the user sent. */
export interface SweepPlan {
  name: string;
  project: string;
  stages: StagePlan[];
}

/** One point of a space, resolved with defaults, without the seed. */
export interface Cell {
  /** sha256 hex of the canonical JSON of model, model version and params; of the dataset too where the stage varies it. */
  hash: string;
  model: string;
  modelVersion: string;
  params: Params;
  dataset: DatasetSpec;
  /** Of a dataset that the point varies (`DatasetFacts.hash` at POST); absent where it is the stage's. */
  datasetHash?: string | undefined;
  /** The varied keys alone, for display and for rules over one parameter. */
  point: Params;
}
