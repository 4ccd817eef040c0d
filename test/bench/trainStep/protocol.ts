import { z } from 'zod';

/* Parent and children talk in lines of JSON on the child's stdin and stdout: `Ready` first, then a `Stepped` for every `Order`. */

export const Ready = z.object({
  backend: z.string(),
  device: z.string(),
  threads: z.int(),
  version: z.string(),
  /** All weights, frozen ones too: as many on both sides, or the models differ. */
  parameters: z.int(),
});
export type Ready = z.infer<typeof Ready>;

export interface Order {
  steps: number;
  /** Times kernels too, where the child can. */
  profile: boolean;
}

export const Stepped = z.object({
  /** Of each step. */
  ms: z.array(z.number()),
  /** Highest resident memory so far. */
  peakMb: z.number(),
  kernels: z.record(z.string(), z.object({ calls: z.number(), ms: z.number(), kernel: z.boolean() })).nullable(),
});
export type Stepped = z.infer<typeof Stepped>;
