import { z } from 'zod';
import { FaultSchema } from '../values.js';

/* What all bodies of the HTTP API (v1) are made of. Times are ISO 8601. */

export const time = z.iso.datetime({ offset: true });
export const params = z.record(z.string(), z.json());
export const count = z.int().min(0);

/** RFC 9457. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(FaultSchema).optional(),
});
export type Problem = z.infer<typeof Problem>;

export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
