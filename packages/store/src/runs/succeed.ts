import { nextRunState, type Summary } from '@trawl/spec';
import type { Runs } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import { inBatches } from '../inBatches.js';
import type { MetricNames } from '../metricNames.js';
import { attemptEnd } from '../sql/leaveRunning.js';
import { lockSweepsOfRuns } from '../sql/lockSweep.js';
import { succeedRuns } from '../sql/succeedRuns.js';
import { row, rows } from '../statement.js';
import { transact } from '../transact.js';

interface Success {
  runId: string;
  fence: number;
  summary: Summary;
}

interface SucceededRow {
  id: string;
  sweep_id: string;
  stage_id: string;
  fence: number;
}

/** More than a worker has slots, mostly. */
const MOST = 64;

export function successWrites({ pool, unsafe }: Db, names: MetricNames): Pick<Runs, 'succeed'> {
  const statement = succeedRuns({ fence: unsafe.noFence !== true });
  const state = nextRunState('running', { kind: 'succeeded' });

  /** Whether each was held, and is succeeded now. */
  const succeedAll = async (successes: readonly Success[]): Promise<boolean[]> => {
    const known = await names(successes.flatMap(({ summary }) => Object.keys(summary)));
    const entries = successes.flatMap(({ summary }, i) =>
      Object.entries(summary).map(([name, value]) => ({ place: i + 1, id: known.get(name), value })),
    );
    return transact(pool, async (tx) => {
      const ids = successes.map(({ runId }) => runId);
      await rows(tx.client, lockSweepsOfRuns, [ids]);
      const left = await rows<SucceededRow>(tx.client, statement, [
        ids,
        successes.map(({ fence }) => fence),
        state,
        entries.map(({ place }) => place),
        entries.map(({ id }) => id),
        entries.map(({ value }) => value),
      ]);
      return ids.map((runId) => {
        const run = left.find(({ id }) => id === runId);
        if (run === undefined) return false;
        tx.emit(run.sweep_id, 'run', { runId, state, fence: run.fence, end: 'succeeded' }, 'running', run.stage_id);
        return true;
      });
    });
  };
  const succeed = inBatches(succeedAll, { keyOf: ({ runId }) => runId, most: MOST });

  return {
    succeed: async (runId, fence, summary) => {
      if (!isId(runId)) return false;
      if (await succeed({ runId: runId.toLowerCase(), fence, summary })) return true;
      const attempt = await row<{ end: string | null }>(pool, attemptEnd, [runId, fence]);
      return attempt?.end === 'succeeded';
    },
  };
}
