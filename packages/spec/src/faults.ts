import type { z } from 'zod';
import type { Fault } from './values.js';

/**
 * What zod found, one fault a wrong thing. `input` is what was parsed by `schema`;
 * `prefix` is where that stands in the document, as `stages.1.params`.
 */
export function faultsOf(error: z.ZodError, input: unknown, schema: z.ZodType, prefix = ''): Fault[] {
  throw new Error(`not built: ${error.message} ${typeof input} ${typeof schema} ${prefix}`);
}
