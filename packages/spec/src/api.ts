import { z } from 'zod';
import { DATASET_KINDS, DatasetSchema, type DatasetFacts } from './dataset.js';
import { BackendInfo } from './messages.js';
import { SPLITS } from './metrics.js';
import { FAILURE_CLASSES, RUN_STATES, STAGE_STATES, SWEEP_STATES } from './states.js';
import { AxisSchema } from './sweepSpace.js';
import { SeedsSchema } from './sweepSpec.js';
import { FaultSchema, WireNumber } from './values.js';

/* Bodies of the HTTP API (v1), shared by the service and its clients. Times are ISO 8601. */

const time = z.iso.datetime({ offset: true });
const params = z.record(z.string(), z.json());
const count = z.int().min(0);

/** RFC 9457. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(FaultSchema).optional(),
});
export type Problem = z.infer<typeof Problem>;

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

export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

export const RunView = z.object({
  id: z.string(),
  sweepId: z.string(),
  /** Names of the stages it belongs to. */
  stages: z.array(z.string()),
  cellId: z.string(),
  point: params,
  seed: z.int(),
  state: z.enum(RUN_STATES),
  /** Held back by a person until it is resumed. */
  paused: z.boolean().optional(),
  fence: z.int(),
  failures: count,
  failureClass: z.enum(FAILURE_CLASSES).nullable(),
  failureMessage: z.string().nullable(),
  epoch: count.nullable(),
  epochs: count.nullable(),
  step: count.nullable(),
  worker: z.string().nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
});
export type RunView = z.infer<typeof RunView>;

export const RunDetail = RunView.extend({
  model: z.string(),
  modelVersion: z.string(),
  params,
  dataset: DatasetSchema,
  datasetHash: z.string(),
  summary: z.record(z.string(), WireNumber),
});
export type RunDetail = z.infer<typeof RunDetail>;

/** A project that has a limit. */
export const ProjectView = z.object({
  project: z.string(),
  /** Of all its sweeps together. */
  maxParallel: z.int(),
  /** Runs that run or are handed to a queue now. */
  busy: count,
});
export type ProjectView = z.infer<typeof ProjectView>;

export const AttemptView = z.object({
  fence: z.int(),
  worker: z.string(),
  backend: BackendInfo.nullable(),
  startedAt: time,
  endedAt: time.nullable(),
  end: z.string().nullable(),
  message: z.string().nullable(),
});
export type AttemptView = z.infer<typeof AttemptView>;

export const Curve = z.object({
  name: z.string(),
  epochs: z.array(z.int()),
  steps: z.array(z.int()),
  values: z.array(WireNumber),
});
export type Curve = z.infer<typeof Curve>;
export const MetricsBody = z.object({ runId: z.string(), curves: z.array(Curve) });
export type MetricsBody = z.infer<typeof MetricsBody>;

export const LogLine = z.object({ time, fence: z.int(), level: z.string(), message: z.string() });
export const LogsBody = z.object({ runId: z.string(), lines: z.array(LogLine) });
export type LogsBody = z.infer<typeof LogsBody>;

export const ArtifactView = z.object({
  id: z.string(),
  runId: z.string().nullable(),
  name: z.string(),
  kind: z.enum(['checkpoint', 'weights', 'latents', 'figure', 'movie', 'log', 'table', 'other']),
  mediaType: z.string(),
  size: count,
  sha256: z.string(),
  epoch: z.int().nullable(),
  step: z.int().nullable(),
  createdAt: time,
});
export type ArtifactView = z.infer<typeof ArtifactView>;

/** Files that nobody needs any more: what was freed, or with `dryRun` would be. */
export const GcReport = z.object({
  dryRun: z.boolean(),
  files: count,
  bytes: count,
  groups: z.array(
    z.object({
      /** `unreferenced`: no artifact names the file. `unfinished`: an upload that was cut off. */
      kind: z.enum([...ArtifactView.shape.kind.options, 'unreferenced', 'unfinished']),
      /** null for files of no run. */
      sweepId: z.string().nullable(),
      sweepName: z.string().nullable(),
      files: count,
      bytes: count,
    }),
  ),
  /** Too young to go yet: an upload may be about to name them. */
  waiting: z.object({ files: count, bytes: count, graceSeconds: z.number() }),
});
export type GcReport = z.infer<typeof GcReport>;

/** Data that the service knows: uploaded, a file below a data root that a sweep has named, or rendered. */
export const DatasetView = z.object({
  /** The sha256 itself: what is the same is one dataset. */
  id: z.string(),
  sha256: z.string(),
  /** As given with the upload. */
  name: z.string().nullable(),
  kind: z.enum(DATASET_KINDS),
  /** Bytes; 0 where it is rendered. */
  size: count,
  uploaded: z.boolean(),
  /** Below a data root, where a sweep found it last. */
  path: z.string().nullable(),
  trials: count,
  /** Of all trials together. */
  frames: count,
  height: count,
  width: count,
  channels: count,
  labels: count,
  createdAt: time,
});
export type DatasetView = z.infer<typeof DatasetView>;

export const DatasetDetail = DatasetView.extend({
  facts: z.object({
    kind: z.enum(DATASET_KINDS),
    hash: z.string(),
    size: count,
    trials: count,
    /** Of each trial. */
    frames: z.array(count),
    height: count,
    width: count,
    channels: count,
    labels: count,
    labelMasks: z.boolean(),
    frameMasks: z.boolean(),
  }) satisfies z.ZodType<DatasetFacts>,
});
export type DatasetDetail = z.infer<typeof DatasetDetail>;

/** A distribution over seeds. `interval` is 95 %: null for n = 1, t for n < 10, BCa bootstrap from 10. */
export const Distribution = z.object({
  n: count,
  mean: WireNumber.nullable(),
  sd: WireNumber.nullable(),
  median: WireNumber.nullable(),
  interval: z.tuple([WireNumber, WireNumber]).nullable(),
  intervalMethod: z.enum(['t', 'bca']).nullable(),
});
export type Distribution = z.infer<typeof Distribution>;

export const RankedCell = z.object({
  /** 1 is best; null where the cell cannot be ranked. */
  rank: z.int().nullable(),
  cellId: z.string(),
  point: params,
  score: Distribution,
  seeds: z.array(
    z.object({
      seed: z.int(),
      runId: z.string(),
      state: z.enum(RUN_STATES),
      value: WireNumber.nullable(),
      /** Why this seed does not count. */
      why: z.string().nullable(),
    }),
  ),
  planned: count,
  finished: count,
  failed: count,
  ineligible: count,
  /** Why the cell has no rank. */
  why: z.string().nullable(),
});
export type RankedCell = z.infer<typeof RankedCell>;

export const Ranking = z.object({
  sweepId: z.string(),
  stage: z.string(),
  metric: z.string(),
  direction: z.enum(['min', 'max']),
  aggregate: z.enum(['mean', 'median']),
  by: z.string(),
  cells: z.array(RankedCell),
});
export type Ranking = z.infer<typeof Ranking>;

/** How alike the latents of a cell's seeds are; compare `Ranking`. */
export const Udr = z.object({
  sweepId: z.string(),
  stage: z.string(),
  cells: z.array(
    z.object({
      cellId: z.string(),
      point: params,
      /** Over the scores of its seeds. */
      score: Distribution,
      seeds: z.array(
        z.object({
          seed: z.int(),
          runId: z.string(),
          /** Median over the other seeds; null with its reason. */
          udr: z.number().nullable(),
          why: z.string().nullable(),
        }),
      ),
    }),
  ),
});
export type Udr = z.infer<typeof Udr>;

const labelScore = {
  /** Labelled values. */
  n: count,
  /** 1 - SSres / SStot about the mean over all frames of the group; null where nothing is labelled, or it never moves. */
  r2: z.number().nullable(),
  mse: z.number().nullable(),
};
const labelScores = z.object({ ...labelScore, labels: z.array(z.object(labelScore)) });

/** How well the runs of a stage predict held-out labels, over the frames of all runs of a group together. */
export const LabelFit = z.object({
  sweepId: z.string(),
  stage: z.string(),
  split: z.enum(['val', 'test']),
  /** The varied parameter whose values are pooled, as seeds always are. */
  over: z.string().nullable(),
  /** Principal components of the true labels that `baseline` knows. */
  components: z.int(),
  groups: z.array(
    z.object({
      /** What its runs have in common of what the stage varies. */
      point: params,
      /** Names of labels, in the order of `fit.labels`. */
      labels: z.array(z.string()),
      /** Frames with a label that its runs were tested on, each once. */
      frames: count,
      fit: labelScores,
      /** Of one who knows of each frame only `components` numbers, in the best case; over frames whose labels are all known. */
      baseline: labelScores.nullable(),
      runs: z.array(
        z.object({
          runId: z.string(),
          seed: z.int(),
          /** Its value of `over`. */
          value: z.json(),
          ...labelScore,
          /** Why it is not in the pool. */
          why: z.string().nullable(),
        }),
      ),
    }),
  ),
});
export type LabelFit = z.infer<typeof LabelFit>;

/** Paired on common seeds where there are any. */
export const Comparison = z.object({
  cellId: z.string(),
  point: params,
  refit: Distribution.nullable(),
  /** Winner minus this cell, over common refit seeds, with its 95 % t interval. */
  difference: Distribution.nullable(),
});

export const Best = z.object({
  sweepId: z.string(),
  stage: z.string(),
  metric: z.string(),
  direction: z.enum(['min', 'max']),
  cellId: z.string(),
  point: params,
  params,
  why: z.string(),
  /** Over the seeds of the selecting stage. */
  selection: Distribution,
  /** Over seeds not used in selection; null before a refit. */
  refit: Distribution.nullable(),
  /** Refit mean minus selection mean, signed so that positive means selection looked too good, with its interval. */
  optimism: Distribution.nullable(),
  runnerUp: Comparison.nullable(),
  /** Whether the interval of the paired difference excludes 0; null where it cannot be said, and why. */
  distinguishable: z.boolean().nullable(),
  distinguishableWhy: z.string(),
  /** Varied parameters whose selected value is the first or last of its axis. */
  atGridEdge: z.array(z.string()),
});
export type Best = z.infer<typeof Best>;

export const RefitBody = z.strictObject({
  top: z.int().min(1).max(100).default(2),
  seeds: z.int().min(1).max(1_000).default(5),
});
export type RefitBody = z.infer<typeof RefitBody>;

export const ExtendBody = z
  .strictObject({
    stage: z.string().min(1).optional().meta({
      description: 'Which one; absent: the last search that has begun',
      legal: 'the name of a stage of the sweep',
    }),
    values: z
      .record(z.string().min(1), AxisSchema)
      .refine((record) => Object.keys(record).length > 0, {
        error: 'has no axes',
        params: { allowed: 'at least one axis' },
      })
      .optional()
      .meta({ description: 'Further values of axes of its grid or zip, in a form that a spec takes' }),
    seeds: z
      .union([
        z
          .int()
          .min(1)
          .max(1_000)
          .meta({ description: 'So many more: the smallest from 1 on that the sweep has not used' }),
        SeedsSchema.meta({ description: 'These too; only of a search' }),
      ])
      .optional()
      .meta({ description: 'Further replicates of every cell of the stage' }),
  })
  .refine(({ values, seeds }) => values !== undefined || seeds !== undefined, {
    error: 'gives neither values nor seeds',
    params: { allowed: 'values, seeds, or both' },
  });
export type ExtendBody = z.infer<typeof ExtendBody>;

export const ApproveBody = z.strictObject({
  /** Another cell than the rule's; absent takes the rule's. */
  cellId: z.string().optional(),
  who: z.string().min(1).max(200),
  why: z.string().max(2_000).default(''),
});
export type ApproveBody = z.infer<typeof ApproveBody>;

export const ModelView = z.object({
  name: z.string(),
  version: z.string(),
  title: z.string(),
  description: z.string(),
  datasets: z.array(z.string()),
  defaultSelection: z.object({ metric: z.string(), direction: z.enum(['min', 'max']) }),
});
export const ModelDetail = ModelView.extend({
  /** JSON Schema (2020-12) of the parameters. */
  params: z.json(),
  metrics: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      unit: z.string(),
      splits: z.array(z.enum(SPLITS)),
      direction: z.enum(['min', 'max']).nullable(),
      perEpoch: z.boolean(),
      summary: z.boolean(),
      contains: z.array(z.string()),
    }),
  ),
});
export type ModelView = z.infer<typeof ModelView>;
export type ModelDetail = z.infer<typeof ModelDetail>;

/** What an event of the stream carries; `run` has runId and state, `stage` has stageId, name and state, `sweep` has state. */
export const EventData = z.looseObject({ at: time, sweepId: z.string() });
export const EVENT_TYPES = ['run', 'stage', 'sweep'] as const;

/** One event, as a client sees it. */
export interface EventView {
  /** Its place: within its sweep, or among those of all sweeps. */
  id: number;
  type: (typeof EVENT_TYPES)[number];
  data: z.output<typeof EventData>;
}

export const WorkerView = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  slots: count,
  capability: z.enum(['cpu', 'gpu']),
  devices: z.array(z.string()),
  version: z.string(),
  startedAt: time,
  heartbeatAt: time,
  alive: z.boolean(),
  runs: z.array(
    z.object({ runId: z.string(), sweepId: z.string(), epoch: count.nullable(), epochs: count.nullable() }),
  ),
});
export type WorkerView = z.infer<typeof WorkerView>;
