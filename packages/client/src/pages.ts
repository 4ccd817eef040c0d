import { page } from '@trawl/spec';
import type { z } from 'zod';
import type { Call, Http } from './http.js';

/** All items of a list, page after page. `query.limit` is the size of a page. */
export async function* items<T extends z.ZodType>(http: Http, item: T, call: Call): AsyncGenerator<z.output<T>> {
  let cursor: string | null | undefined;
  do {
    const answer = await http.json(page(item), { ...call, query: { ...call.query, cursor } });
    yield* answer.items;
    cursor = answer.nextCursor;
  } while (cursor !== null);
}
