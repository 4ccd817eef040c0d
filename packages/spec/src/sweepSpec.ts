import { z } from 'zod';
import { DatasetSchema, UploadSchema } from './dataset.js';
import { EXECUTION_DEFAULTS } from './plan.js';
import { ParamsSchema, spaceShape } from './sweepSpace.js';

const metric = z.string().min(1).max(200).meta({ legal: 'the full name of a metric, as val.label_mse' });

export const SeedsSchema = z
  .array(
    z
      .int()
      .min(0)
      .max(2 ** 31 - 1),
  )
  .min(1)
  .max(100_000)
  .check(({ value, issues }) => {
    const seen = new Set<number>();
    for (const [at, seed] of value.entries()) {
      if (seen.has(seed))
        issues.push({
          code: 'custom',
          input: seed,
          path: [at],
          message: `the seed ${seed} stands twice`,
          params: { allowed: 'seeds that all differ' },
        });
      seen.add(seed);
    }
  });
/** Where neither sweep nor stage says anything. */
export const SEEDS_DEFAULT: readonly number[] = [1];

const Where = z
  .strictObject({
    metric: metric.meta({ description: 'A metric of the summary, as val.label_mse' }),
    atLeast: z.number().optional().meta({ description: "The aggregate over the cell's seeds must not be below this" }),
    atMost: z.number().optional().meta({ description: "The aggregate over the cell's seeds must not be above this" }),
  })
  .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, {
    error: 'gives neither atLeast nor atMost',
    params: { allowed: 'atLeast, atMost, or both' },
  })
  .refine(({ atLeast, atMost }) => atLeast === undefined || atMost === undefined || atLeast <= atMost, {
    error: 'atLeast is above atMost',
    params: { allowed: 'atLeast up to atMost' },
  });

const Tolerance = z
  .strictObject({
    factor: z.number().min(1).optional().meta({
      description:
        'Within (factor - 1) x |best| of the best: with 1.1, up to 10 % worse. Best and others are scores: aggregates over seeds',
    }),
    absolute: z.number().min(0).optional().meta({ description: "Within this of the best, in the metric's unit" }),
  })
  .refine(({ factor, absolute }) => (factor === undefined) !== (absolute === undefined), {
    error: 'exactly one of factor and absolute must be given',
  })
  .meta({ legal: '{ factor } or { absolute }, as { factor: 1.1 }' });

export const SelectSchema = z.strictObject({
  rule: z
    .enum(['min', 'max', 'smallest-within', 'largest-within', 'knee', 'manual'])
    .optional()
    .meta({ description: 'How the best cell is named; by default min or max, as direction says' }),
  metric: metric
    .optional()
    .meta({ description: "A metric of the summary, as train.latent_correlation; by default the model's own choice" }),
  direction: z
    .enum(['min', 'max'])
    .optional()
    .meta({ description: 'Where better lies; by default as a rule min or max says, else as the metric itself says' }),
  aggregate: z
    .enum(['mean', 'median'])
    .default('mean')
    .meta({ description: "How the values of a cell's seeds become its score" }),
  parameter: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'smallest-within, largest-within, knee: the varied parameter whose values are walked' }),
  tolerance: Tolerance.optional().meta({
    description: 'smallest-within, largest-within: how far from the best is good enough',
  }),
  where: z
    .array(Where)
    .max(100)
    .default([])
    .meta({ description: 'Bounds on metrics: a cell outside of one of them has no rank and cannot be selected' }),
  allowPartial: z.boolean().default(false).meta({
    description:
      'Rank cells by the seeds they have, and select, although runs failed or were cancelled; a seed that diverged rules its cell out all the same',
  }),
  minActive: z.int().min(0).max(100_000).optional().meta({
    description:
      'So many active latents are enough for a run to count; only for metrics that ask for active latents. By default the model says how many',
  }),
});

const minutes = z.number().gt(0).max(1_000_000);

/** Without defaults: a stage's execution goes over the sweep's key by key. */
const Execution = z.strictObject({
  maxParallel: z.int().min(1).max(100_000).nullable().optional().meta({
    description: 'At most so many runs of the sweep running or handed out at once; null: no limit',
    default: EXECUTION_DEFAULTS.maxParallel,
  }),
  priority: z.int().min(-1_000).max(1_000).optional().meta({
    description: 'Waiting runs of higher priority go first, of all sweeps',
    default: EXECUTION_DEFAULTS.priority,
  }),
  weight: z.number().gt(0).max(1_000).optional().meta({
    description: 'Share of the workers against other sweeps of the same priority: 2 gets twice what 1 gets',
    default: EXECUTION_DEFAULTS.weight,
  }),
  maxFailures: z.int().min(1).max(100).optional().meta({
    description:
      'A run that is out of memory, crashed, lost or stalled is tried again until it has failed so often; other failures are final at once',
    default: EXECUTION_DEFAULTS.maxFailures,
  }),
  timeoutMinutes: minutes.nullable().optional().meta({
    description:
      'An attempt that takes longer is stopped and its run fails, not to be tried again; null: no limit. Each attempt has a clock of its own',
    default: EXECUTION_DEFAULTS.timeoutMinutes,
  }),
  stallMinutes: minutes.optional().meta({
    description:
      'An attempt that reports no step, metric or file for so long is killed as stalled; loading the data counts, and a process has 2 minutes at least to open its backend',
    default: EXECUTION_DEFAULTS.stallMinutes,
  }),
  gpuShare: z.number().gt(0).max(1).optional().meta({
    description:
      'Part of a GPU that a run takes: on workers with more slots than GPUs, runs share one while their parts fit. A run that was out of memory is tried again alone on a GPU',
    default: EXECUTION_DEFAULTS.gpuShare,
  }),
});

const gate = z
  .enum(['auto', 'review'])
  .default('auto')
  .meta({ description: 'review: wait after the selection until a person approves that or another cell' });

const From = z
  .strictObject({
    stage: z.string().min(1).optional().meta({ description: 'An earlier search stage' }),
    upload: UploadSchema.optional().meta({
      ...UploadSchema.meta(),
      description: 'Instead of a stage: weights that were uploaded, by the sha256 of their content',
    }),
    artifact: z
      .string()
      .min(1)
      .max(200)
      .default('weights')
      .meta({ description: 'Name or kind of the file that its run left; the model must be able to start from it' }),
    match: z.enum(['selected', 'cell']).default('selected').meta({
      description:
        'selected: of the cell that it selected; cell: for each cell, of the best one whose varied parameters have the same values',
    }),
  })
  .refine(({ stage, upload }) => (stage === undefined) !== (upload === undefined), {
    error: 'gives not exactly one of stage and upload',
    params: { allowed: 'stage or upload' },
  });

const Refit = z.strictObject({
  top: z
    .int()
    .min(1)
    .max(100)
    .default(2)
    .meta({ description: 'How many cells: the selected one, then the best ranked others' }),
  seeds: z
    .int()
    .min(1)
    .max(1_000)
    .default(5)
    .meta({ description: 'How many seeds: the smallest from 1 on that the sweep has not used before' }),
});

export const StageSpecSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, { error: 'is no name for a stage' })
    .meta({
      description: 'What the stage is called; each of a sweep differently',
      legal: '1 to 100 letters, digits, _, . and -, a letter or digit first',
    }),
  model: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Instead of the sweep's; if it is another, the sweep's params do not apply" }),
  dataset: DatasetSchema.optional().meta({ description: "Instead of the sweep's" }),
  params: ParamsSchema.optional().meta({
    description: "Over the sweep's params and those that an earlier stage of the same model selected",
  }),
  seeds: SeedsSchema.optional().meta({ description: "Instead of the sweep's" }),
  ...spaceShape,
  select: SelectSchema.optional().meta({ description: 'How the best cell is named' }),
  gate,
  from: From.optional().meta({
    description: 'Start the training of each run from what a run of an earlier stage left',
  }),
  refit: Refit.optional().meta({
    description:
      'Run the best cells of the nearest search before again with fresh seeds; only name and execution stand beside it',
  }),
  execution: Execution.optional().meta({ description: "Over the sweep's, key by key" }),
});
export type SelectSpec = z.output<typeof SelectSchema>;
export type StageSpec = z.output<typeof StageSpecSchema>;

const Smoke = z.strictObject({
  params: ParamsSchema.optional().meta({ description: 'Over params, and over the same keys of the params of stages' }),
  dataset: ParamsSchema.optional().meta({
    description: 'Over the keys of every dataset; instead of it where the kind is another',
  }),
  seeds: SeedsSchema.optional().meta({ description: 'Instead of the seeds of the sweep and of its stages' }),
  select: ParamsSchema.optional().meta({ description: 'Over the keys of the select of every search' }),
});

export const ProjectName = z.string().trim().min(1).max(200);

/** The sweep spec as users write it (design.md section 4). What needs a model to judge is checked by `checkSweep`. */
export const SweepSpecSchema = z.strictObject({
  name: z.string().trim().min(1).max(200).meta({ description: 'What the sweep is called' }),
  project: ProjectName.default('default').meta({
    description: 'Whose sweep it is: an API key may be bound to a project, and lists can be narrowed to one',
  }),
  model: z.string().min(1).meta({ description: 'Name of a model in the catalogue, as ps-vae' }),
  dataset: DatasetSchema.meta({ description: 'The data to train on' }),
  params: ParamsSchema.default({}).meta({ description: 'Parameters of the model, for all stages of this model' }),
  seeds: SeedsSchema.optional().meta({
    description: 'Replicates: each cell is run once with each seed; all different',
    default: SEEDS_DEFAULT,
  }),
  ...spaceShape,
  select: SelectSchema.optional().meta({ description: 'How the best cell is named' }),
  gate,
  stages: z.array(StageSpecSchema).min(1).max(100).optional().meta({
    description: 'Searches and refits, one after another; instead of grid ... random, select and gate at the top level',
  }),
  execution: Execution.optional().meta({ description: 'How runs are scheduled and when they are given up' }),
  smoke: Smoke.optional().meta({
    description: 'What `trawl submit --smoke` lays over the spec for a tiny trial; ignored otherwise',
  }),
});
export type SweepSpec = z.output<typeof SweepSpecSchema>;
/** As written: defaults not filled in. */
export type SweepSpecInput = z.input<typeof SweepSpecSchema>;
