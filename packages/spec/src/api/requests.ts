import { z } from 'zod';
import { AxisSchema } from '../sweepSpace.js';
import { SeedsSchema } from '../sweepSpec.js';

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
