import { z } from 'zod';

/** A figure or movie that the api draws of a sweep or a run. */
export const FigureView = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  kind: z.enum(['figure', 'movie']),
  /** File name extensions, as svg. */
  formats: z.array(z.string()),
  /** Names of the query parameters that it takes. */
  options: z.array(z.string()),
  /** Why it cannot be drawn now; null: it can. */
  missing: z.string().nullable(),
});
export type FigureView = z.infer<typeof FigureView>;

export const FigureList = z.object({ items: z.array(FigureView) });
export type FigureList = z.infer<typeof FigureList>;
