import { z } from 'zod';
import type { ParamValue } from './values.js';

/** A hyperparameter's value: any JSON value. */
export const ParamValueSchema: z.ZodType<ParamValue> = z.json().meta({ description: 'A JSON value' });

export const ParamsSchema = z.record(z.string(), ParamValueSchema);

/** Longest axis that can be written. */
export const MAX_AXIS = 100_000;

const ends = (low: number, high: number): boolean => low < high;
const points = z.int().min(2).max(MAX_AXIS);

const linspace = z
  .strictObject({
    linspace: z
      .tuple([z.number(), z.number(), points])
      .refine(([low, high]) => ends(low, high), { error: 'lo is not below hi' })
      .meta({ description: '[lo, hi, n]' }),
  })
  .meta({ description: 'n values from lo to hi at equal distance' });

const logspace = z
  .strictObject({
    logspace: z
      .tuple([z.number().gt(0), z.number().gt(0), points])
      .refine(([low, high]) => ends(low, high), { error: 'lo is not below hi' })
      .meta({ description: '[lo, hi, n]' }),
  })
  .meta({ description: 'n values from lo to hi at equal ratio (values, not exponents)' });

const range = z
  .strictObject({
    range: z
      .tuple([z.number(), z.number(), z.number().gt(0)])
      .refine(([low, high]) => ends(low, high), { error: 'lo is not below hi' })
      .refine(([low, high, step]) => (high - low) / step < MAX_AXIS, { error: `more than ${MAX_AXIS} values` })
      .meta({ description: '[lo, hi, step]' }),
  })
  .meta({ description: 'lo, lo + step, ... up to hi, hi included' });

/** One axis: values, or a form that stands for values. */
export const AxisSchema = z
  .union([z.array(ParamValueSchema).min(1).max(MAX_AXIS), linspace, logspace, range])
  .meta({ description: 'A list of values, or { linspace }, { logspace } or { range }' });
export type AxisForm = z.output<typeof AxisSchema>;

const axes = z
  .record(z.string().min(1), AxisSchema)
  .refine((record) => Object.keys(record).length > 0, { error: 'no axes' });

const bounds = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => ends(low, high), { error: 'lo is not below hi' });
const positive = z
  .tuple([z.number().gt(0), z.number().gt(0)])
  .refine(([low, high]) => ends(low, high), { error: 'lo is not below hi' });
const integers = z.tuple([z.int(), z.int()]).refine(([low, high]) => ends(low, high), { error: 'lo is not below hi' });

export const DrawSchema = z
  .union([
    z.strictObject({ uniform: bounds.meta({ description: '[lo, hi)' }) }),
    z.strictObject({ loguniform: positive.meta({ description: '[lo, hi)' }) }),
    z.strictObject({ int: integers.meta({ description: '[lo, hi]' }) }),
    z.strictObject({
      choice: z.array(ParamValueSchema).min(1).max(MAX_AXIS).meta({ description: 'one of these values' }),
    }),
  ])
  .meta({
    description:
      'How a value is drawn: uniform in [lo, hi), loguniform in [lo, hi), int from lo to hi (both included), or one of a choice',
  });

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
    .refine((record) => Object.keys(record).length > 0, { error: 'nothing to draw' })
    .meta({ description: 'What is drawn, by parameter name or path' }),
});

/** The keys by which a stage, or a sweep of one stage, says what it varies. They are crossed with one another. */
export const spaceShape = {
  grid: axes.optional().meta({
    description: 'Axes by parameter name or path (dataset.seed); every combination is a cell',
  }),
  zip: axes.optional().meta({ description: 'Axes of one length that move together' }),
  cells: z
    .array(ParamsSchema.refine((record) => Object.keys(record).length > 0, { error: 'an empty point' }))
    .min(1)
    .max(MAX_AXIS)
    .optional()
    .meta({ description: 'Points written out, all with the same keys' }),
  exclude: z
    .array(ParamsSchema.refine((record) => Object.keys(record).length > 0, { error: 'an empty point' }))
    .min(1)
    .max(1_000)
    .optional()
    .meta({ description: 'Points that match every key of one of these are left out' }),
  random: RandomSchema.optional().meta({ description: 'Points drawn at random' }),
};
