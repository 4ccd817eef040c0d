import type { RunDetail } from '@trawl/spec';
import type { Store } from '@trawl/store';

/** Runs read at once. */
const PAGE = 100;

/** All runs of a sweep, oldest first. */
export async function* runsOf(sweepId: string, { runs }: Pick<Store, 'runs'>): AsyncGenerator<RunDetail> {
  let cursor: string | undefined;
  do {
    const page = await runs.details(sweepId, { cursor, limit: PAGE });
    yield* page.items;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
