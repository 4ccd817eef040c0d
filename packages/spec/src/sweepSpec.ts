import { z } from 'zod';
import { DatasetSchema } from './dataset.js';
import { ParamsSchema, spaceShape } from './sweepSpace.js';

const metric = z.string().min(1).max(200);

const Seeds = z
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
        issues.push({ code: 'custom', input: seed, path: [at], message: `the seed ${seed} stands twice` });
      seen.add(seed);
    }
  });

const Where = z
  .strictObject({
    metric: metric.meta({ description: 'A metric of the summary, as val.label_mse' }),
    atLeast: z.number().optional().meta({ description: 'The aggregate must not be below this' }),
    atMost: z.number().optional().meta({ description: 'The aggregate must not be above this' }),
  })
  .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, {
    error: 'neither atLeast nor atMost is given',
  })
  .refine(({ atLeast, atMost }) => atLeast === undefined || atMost === undefined || atLeast <= atMost, {
    error: 'atLeast is above atMost',
  });

const Tolerance = z
  .strictObject({
    factor: z
      .number()
      .min(1)
      .optional()
      .meta({ description: 'Within (factor - 1) x |best| of the best; for a best above 0: up to factor x best' }),
    absolute: z.number().min(0).optional().meta({ description: "Within this of the best, in the metric's unit" }),
  })
  .refine(({ factor, absolute }) => (factor === undefined) !== (absolute === undefined), {
    error: 'exactly one of factor and absolute must be given',
  });

export const SelectSchema = z.strictObject({
  rule: z
    .enum(['min', 'max', 'smallest-within', 'largest-within', 'knee', 'manual'])
    .optional()
    .meta({ description: "How the best cell is named; by default min or max as the metric's direction says" }),
  metric: metric
    .optional()
    .meta({ description: "A metric of the summary, as train.latent_correlation; by default the model's" }),
  direction: z
    .enum(['min', 'max'])
    .optional()
    .meta({ description: "Where better lies; by default as the rule or the metric's own says" }),
  aggregate: z.enum(['mean', 'median']).default('mean').meta({ description: "How a cell's seeds become one number" }),
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
    .meta({ description: 'Only cells whose aggregates lie within these bounds can be selected' }),
  allowPartial: z
    .boolean()
    .default(false)
    .meta({ description: 'Select although cells are missing or some of their seeds failed' }),
  minActive: z
    .int()
    .min(0)
    .max(100_000)
    .optional()
    .meta({ description: 'So many active latents are enough for a run to be eligible' }),
});

const minutes = z.number().gt(0).max(1_000_000);

/** Without defaults: a stage's execution goes over the sweep's key by key. */
const Execution = z.strictObject({
  maxParallel: z
    .int()
    .min(1)
    .max(100_000)
    .nullable()
    .optional()
    .meta({ description: 'At most so many runs of the sweep at once; null: no limit (default)' }),
  priority: z
    .int()
    .min(-1_000)
    .max(1_000)
    .optional()
    .meta({ description: 'Runs of higher priority go first; default 0' }),
  weight: z
    .number()
    .gt(0)
    .max(1_000)
    .optional()
    .meta({ description: 'Share against other sweeps of the same priority; default 1' }),
  maxFailures: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'A run fails for good at this failure; default 3' }),
  timeoutMinutes: minutes
    .nullable()
    .optional()
    .meta({ description: 'A run that trains longer is stopped; null: no limit (default)' }),
  stallMinutes: minutes
    .optional()
    .meta({ description: 'A run without an optimiser step for so long is stopped and tried again; default 30' }),
  gpuShare: z.number().gt(0).max(1).optional().meta({ description: 'Part of a GPU that a run takes; default 1' }),
});

const gate = z
  .enum(['auto', 'review'])
  .default('auto')
  .meta({ description: 'review: stop after the selection and wait for approve' });

const From = z.strictObject({
  stage: z.string().min(1).meta({ description: 'An earlier search stage' }),
  artifact: z.string().min(1).max(200).default('weights').meta({ description: 'What its run left; default weights' }),
  match: z
    .enum(['selected', 'cell'])
    .default('selected')
    .meta({ description: 'selected: of the selected cell; cell: of the cell whose parameters match, per cell' }),
});

const Refit = z.strictObject({
  top: z.int().min(1).max(100).default(2).meta({ description: 'How many of the best cells; default 2' }),
  seeds: z
    .int()
    .min(1)
    .max(1_000)
    .default(5)
    .meta({ description: 'How many seeds not used in the sweep before; default 5' }),
});

export const StageSpecSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, {
      error: 'letters, digits, _, . and - only, at most 100, a letter or digit first',
    })
    .meta({ description: 'Unique in the sweep' }),
  model: z.string().min(1).optional().meta({ description: "Instead of the sweep's" }),
  dataset: DatasetSchema.optional().meta({ description: "Instead of the sweep's" }),
  params: ParamsSchema.optional().meta({
    description: "Over the sweep's params and those selected by an earlier stage",
  }),
  seeds: Seeds.optional().meta({ description: "Instead of the sweep's" }),
  ...spaceShape,
  select: SelectSchema.optional().meta({ description: 'How the best cell is named' }),
  gate,
  from: From.optional().meta({ description: 'Start each run from what a run of an earlier stage left' }),
  refit: Refit.optional().meta({
    description: 'Run the best cells of the search before again with fresh seeds; stands alone in its stage',
  }),
  execution: Execution.optional().meta({ description: "Over the sweep's, key by key" }),
});
export type SelectSpec = z.output<typeof SelectSchema>;
export type StageSpec = z.output<typeof StageSpecSchema>;

const Smoke = z.strictObject({
  params: ParamsSchema.optional().meta({ description: 'Over params, and over the same keys in stages' }),
  dataset: ParamsSchema.optional().meta({ description: "Over the dataset's keys" }),
  seeds: Seeds.optional().meta({ description: 'Instead of all seeds' }),
  select: ParamsSchema.optional().meta({ description: "Over the keys of every search stage's select" }),
});

/** The sweep spec as users write it (design.md section 4). What needs a model to judge is checked by `checkSweep`. */
export const SweepSpecSchema = z.strictObject({
  name: z.string().trim().min(1).max(200).meta({ description: 'What the sweep is called' }),
  project: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .default('default')
    .meta({ description: 'Groups sweeps; default "default"' }),
  model: z.string().min(1).meta({ description: 'Name of a model in the catalogue, as ps-vae' }),
  dataset: DatasetSchema.meta({ description: 'The data to train on' }),
  params: ParamsSchema.default({}).meta({ description: 'Parameters of the model that all stages share' }),
  seeds: Seeds.optional().meta({ description: 'Replicates of every cell: integers, all different; default [1]' }),
  ...spaceShape,
  select: SelectSchema.optional().meta({ description: 'One-stage form: how the best cell is named' }),
  gate,
  stages: z
    .array(StageSpecSchema)
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'Searches and refits, one after another; instead of a search at the top level' }),
  execution: Execution.optional().meta({ description: 'How runs are scheduled and when they are given up' }),
  smoke: Smoke.optional().meta({
    description: 'Override for tiny trials; ignored unless asked for',
  }),
});
export type SweepSpec = z.output<typeof SweepSpecSchema>;
/** As written: defaults not filled in. */
export type SweepSpecInput = z.input<typeof SweepSpecSchema>;
