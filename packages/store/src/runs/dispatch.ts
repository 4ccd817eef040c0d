import type { Runs } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import { DISPATCH_LOCK, listDispatched, lockDispatch, takeForDispatch, undispatch } from '../sql/dispatch.js';
import { traceparents } from '../sql/traceparents.js';
import { changed, rows } from '../statement.js';
import { transact } from '../transact.js';

export function dispatching({
  pool,
}: Db): Pick<Runs, 'takeForDispatch' | 'dispatched' | 'undispatch' | 'traceparents'> {
  return {
    takeForDispatch: async (limit, capability) => {
      if (limit <= 0) return [];
      return transact(pool, async (tx) => {
        await rows(tx.client, lockDispatch, [DISPATCH_LOCK]);
        return rows(tx.client, takeForDispatch, [limit, capability]);
      });
    },
    traceparents: async (runIds) => {
      const found = await rows<{ id: string; traceparent: string }>(pool, traceparents, [runIds.filter(isId)]);
      return new Map(found.map(({ id, traceparent }) => [id, traceparent]));
    },
    dispatched: () => rows(pool, listDispatched),
    undispatch: async (runs) => {
      const known = runs.filter((run) => isId(run.runId));
      if (known.length === 0) return 0;
      return changed(pool, undispatch, [known.map((run) => run.runId), known.map((run) => run.fence)]);
    },
  };
}
