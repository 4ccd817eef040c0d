import { z } from 'zod';
import type { ParamValue } from './values.js';

/** A hyperparameter's value: any JSON value. */
export const ParamValueSchema: z.ZodType<ParamValue> = z.json().meta({ description: 'A JSON value' });

export const ParamsSchema = z.record(z.string(), ParamValueSchema);

/** Longest axis that can be written. */
export const MAX_AXIS = 100_000;

const ends = (low: number, high: number): boolean => low < high;
const notBelow = { error: 'lo is not below hi', params: { allowed: 'lo below hi' } };
const points = z.int().min(2).max(MAX_AXIS);

const linspace = z
  .strictObject({
    linspace: z
      .tuple([z.number(), z.number(), points])
      .refine(([low, high]) => ends(low, high), notBelow)
      .meta({ legal: '[lo, hi, n]' }),
  })
  .meta({ description: 'n values from lo to hi at equal distances' });

const logspace = z
  .strictObject({
    logspace: z
      .tuple([z.number().gt(0), z.number().gt(0), points])
      .refine(([low, high]) => ends(low, high), notBelow)
      .meta({ legal: '[lo, hi, n]' }),
  })
  .meta({ description: 'n values from lo to hi at equal ratios; lo and hi are values, not exponents' });

const range = z
  .strictObject({
    range: z
      .tuple([z.number(), z.number(), z.number().gt(0)])
      .refine(([low, high]) => ends(low, high), notBelow)
      // A step that is not above 0 is told already.
      .refine(([low, high, step]) => step <= 0 || (high - low) / step < MAX_AXIS, {
        error: `makes more than ${MAX_AXIS} values`,
        params: { allowed: `at most ${MAX_AXIS} values` },
      })
      .meta({ legal: '[lo, hi, step]' }),
  })
  .meta({ description: 'lo, lo + step, lo + 2 step, ... while not above hi: hi too where a step meets it' });

/** One axis: values, or a form that stands for values. */
export const AxisSchema = z
  .union([
    z.array(ParamValueSchema).min(1).max(MAX_AXIS).meta({ description: 'The values themselves' }),
    linspace,
    logspace,
    range,
  ])
  .meta({ description: 'The values of one parameter' });
export type AxisForm = z.output<typeof AxisSchema>;

const axes = z.record(z.string().min(1), AxisSchema).refine((record) => Object.keys(record).length > 0, {
  error: 'has no axes',
  params: { allowed: 'at least one axis' },
});

const bounds = z.tuple([z.number(), z.number()]).refine(([low, high]) => ends(low, high), notBelow);
const positive = z.tuple([z.number().gt(0), z.number().gt(0)]).refine(([low, high]) => ends(low, high), notBelow);
const integers = z.tuple([z.int(), z.int()]).refine(([low, high]) => ends(low, high), notBelow);

export const DrawSchema = z
  .union([
    z
      .strictObject({ uniform: bounds.meta({ legal: '[lo, hi]' }) })
      .meta({ description: 'A number from lo to below hi, each as likely' }),
    z
      .strictObject({ loguniform: positive.meta({ legal: '[lo, hi]' }) })
      .meta({ description: 'A number from lo to below hi, each order of magnitude as likely; lo above 0' }),
    z
      .strictObject({ int: integers.meta({ legal: '[lo, hi]' }) })
      .meta({ description: 'An integer from lo to hi, both included, each as likely' }),
    z
      .strictObject({ choice: z.array(ParamValueSchema).min(1).max(MAX_AXIS) })
      .meta({ description: 'One of a list of values, each as likely' }),
  ])
  .meta({ description: 'How the values of one parameter are drawn' });

const RandomSchema = z.strictObject({
  n: z.int().min(1).max(MAX_AXIS).meta({ description: 'Points to draw, all different' }),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .meta({ description: 'Of the draws: the same seed draws the same points' }),
  space: z
    .record(z.string().min(1), DrawSchema)
    .refine((record) => Object.keys(record).length > 0, {
      error: 'has nothing to draw',
      params: { allowed: 'at least one draw' },
    })
    .meta({ description: 'What is drawn, by parameter name or path' }),
});

const point = ParamsSchema.refine((record) => Object.keys(record).length > 0, {
  error: 'is an empty point',
  params: { allowed: 'at least one key' },
});

/** The keys by which a stage, or a sweep of one stage, says what it varies. They are crossed with one another. */
export const spaceShape = {
  grid: axes.optional().meta({
    description: 'Axes by parameter name or path (dataset.seed): every combination of their values',
  }),
  zip: axes.optional().meta({ description: 'Axes of one length that move together: first values, second values, ...' }),
  cells: z
    .array(point)
    .min(1)
    .max(MAX_AXIS)
    .optional()
    .meta({ description: 'Points written out, all with the same keys' }),
  exclude: z
    .array(point)
    .min(1)
    .max(1_000)
    .optional()
    .meta({ description: 'Points that match every key of one of these are left out' }),
  random: RandomSchema.optional().meta({ description: 'Points drawn at random' }),
};
