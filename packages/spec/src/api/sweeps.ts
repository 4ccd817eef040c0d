import { z } from 'zod';
import { DatasetSchema } from '../dataset.js';
import { STAGE_STATES, SWEEP_STATES } from '../states.js';
import { count, params, time } from './common.js';

export const RunCounts = z.object({
  queued: count,
  running: count,
  succeeded: count,
  failed: count,
  cancelled: count,
});
export type RunCounts = z.infer<typeof RunCounts>;

export const SelectedCell = z.object({
  cellId: z.string(),
  point: params,
  params,
  /** The rule's reason in words, as `lowest mean train.latent_correlation (0.12) of 4 cells`. */
  why: z.string(),
  /** `rule`, or who approved. */
  decidedBy: z.string(),
});
export type SelectedCell = z.infer<typeof SelectedCell>;

export const StageView = z.object({
  name: z.string(),
  ordinal: z.int(),
  kind: z.enum(['search', 'refit']),
  state: z.enum(STAGE_STATES),
  model: z.string(),
  metric: z.string().nullable(),
  direction: z.enum(['min', 'max']).nullable(),
  /** Names of the varied parameters. */
  axes: z.array(z.string()),
  /** null until the stage is expanded. */
  cells: count.nullable(),
  runs: RunCounts,
  /** What the stage waits for or why it failed. */
  reason: z.string().nullable(),
  selected: SelectedCell.nullable(),
});
export type StageView = z.infer<typeof StageView>;

export const SweepView = z.object({
  id: z.string(),
  name: z.string(),
  project: z.string(),
  state: z.enum(SWEEP_STATES),
  model: z.string(),
  createdAt: time,
  finishedAt: time.nullable(),
  runs: RunCounts,
});
export type SweepView = z.infer<typeof SweepView>;

export const SweepDetail = SweepView.extend({
  spec: z.json(),
  dataset: DatasetSchema,
  stages: z.array(StageView),
  /** Epochs done over epochs planned of all runs that exist, and seconds left when it can be told. */
  progress: z.object({ epochsDone: count, epochsTotal: count, etaSeconds: z.number().nullable() }),
  /** What its runs' artifacts take; a file that several of them share counts once. */
  disk: z.object({ files: count, bytes: count }),
});
export type SweepDetail = z.infer<typeof SweepDetail>;

/** Answer to `?dryRun=true`. */
export const DryRun = z.object({
  name: z.string(),
  stages: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['search', 'refit']),
      cells: count,
      runs: count,
      /** Varied keys of each cell, at most 1,000. */
      points: z.array(params),
      note: z.string().nullable(),
    }),
  ),
  runs: count,
});
export type DryRun = z.infer<typeof DryRun>;

/** A project that has a limit. */
export const ProjectView = z.object({
  project: z.string(),
  /** Of all its sweeps together. */
  maxParallel: z.int(),
  /** Runs that run or are handed to a queue now. */
  busy: count,
});
export type ProjectView = z.infer<typeof ProjectView>;
