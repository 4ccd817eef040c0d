import { Problem } from '@trawl/spec';
import { z } from 'zod';

/* What the schemas of several routes share. */

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: Problem } },
});

/** Of every route. */
export const PROBLEM_RESPONSES = {
  '4xx': problem('The request was refused; `errors` lists what is wrong, what was given and what is allowed'),
  '5xx': problem('The service failed; the log has the reason under the request id'),
} as const;

/** An id that is no UUID is not refused here: it names nothing, so the answer is 404 as for any other unknown id. */
export const IdParams = z.object({
  id: z.string().meta({ format: 'uuid', description: 'As lists and answers show it' }),
});

/** A whole number in a query or header: digits only, where `Number('')` and `Number('0x1')` would be too generous. */
export const whole = (min: number, max: number) =>
  z.preprocess(
    (given) => (typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : given),
    z.int().min(min).max(max),
  );

export const PageQuery = z.strictObject({
  limit: whole(1, 500).default(50).meta({ description: 'Items a page' }),
  cursor: z.uuid().optional().meta({ description: '`nextCursor` of the page before' }),
});

/** `a,b,c` of a query as a list. */
export const commaList = z
  .string()
  .min(1)
  .max(10_000)
  .transform((text) => text.split(',').filter((item) => item !== ''));

/** A request that is sent again with the same key is not carried out again. */
export const IdempotencyHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, { error: 'not 1 to 200 visible ASCII characters' })
    .optional()
    .meta({ description: 'Sending it again with the same key changes nothing more' }),
});
