import type { RunCounts, RunState } from '@trawl/spec';
import type { Pool } from 'pg';
import { countRunsOfSweeps } from '../sql/countRuns.js';
import { rows } from '../statement.js';
import { countsOf } from '../views.js';

/** About 200 bytes each. */
const SWEEPS_KEPT = 10_000;

/** As one was read: counts may be newer than it, and are counted again when it is. */
interface Seen {
  id: string;
  eventSeq: number;
}

/**
 * Runs by state of each sweep, in the order given. Whatever changes them is an event of the sweep in the same transaction:
 * those of a sweep in which nothing has happened since are not counted again. Ten sweeps of 100,000 runs take 0.1 s and more.
 */
export function runCounts(pool: Pool): (sweeps: readonly Seen[]) => Promise<RunCounts[]> {
  /** The one counted longest ago first. */
  const kept = new Map<string, { eventSeq: number; counts: RunCounts }>();
  return async (sweeps) => {
    const stale = sweeps.filter(({ id, eventSeq }) => kept.get(id)?.eventSeq !== eventSeq);
    const fresh = new Map<string, RunCounts>();
    if (stale.length > 0) {
      type Counted = { id: string; state: RunState; n: number };
      const counted = await rows<Counted>(pool, countRunsOfSweeps, [stale.map(({ id }) => id)]);
      for (const { id, eventSeq } of stale) {
        const counts = countsOf(counted.filter((each) => each.id === id));
        fresh.set(id, counts);
        kept.delete(id);
        kept.set(id, { eventSeq, counts });
      }
      for (const id of kept.keys()) {
        if (kept.size <= SWEEPS_KEPT) break;
        kept.delete(id);
      }
    }
    return sweeps.map(({ id }) => fresh.get(id) ?? kept.get(id)?.counts ?? countsOf([]));
  };
}
