import type { Runs } from '../contract.js';
import type { Db } from '../db.js';
import { isId } from '../ids.js';
import { describeAttempt } from '../sql/describeAttempt.js';
import { reportProgress } from '../sql/reportProgress.js';
import { changed } from '../statement.js';

/** What a running attempt says of itself. */
export function reports({ pool, unsafe }: Db): Pick<Runs, 'progress' | 'attemptInfo'> {
  const fence = unsafe.noFence !== true;
  const progress = reportProgress({ fence });
  const describe = describeAttempt({ fence });
  return {
    progress: async (runId, runFence, { epoch, epochs, step }) =>
      isId(runId) && (await changed(pool, progress, [runId, runFence, epoch, epochs, step])) > 0,
    attemptInfo: async (runId, runFence, info) =>
      isId(runId) && (await changed(pool, describe, [runId, runFence, JSON.stringify(info)])) > 0,
  };
}
