import type { Statement } from '../statement.js';
import { batch } from './batch.js';

/**
 * Cancels those unfinished runs for which `which` holds. Rows are locked by id, as in renewLeases. Returns them by the
 * stage that made them and the state that they had.
 */
const cancelUnfinished = (which: string): Statement => ({
  text: `
    with open as (
      select id, stage_id, state, fence from run
      where state in ('queued', 'running') and ${which}
      order by id
      for no key update
    ), ended as (
      update attempt set ended_at = now(), "end" = 'cancelled'
      from open where attempt.run_id = open.id and attempt.fence = open.fence and attempt.ended_at is null
    ), cancelled as (
      update run
      set state = 'cancelled', fence = run.fence + 1, worker_id = null, lease_until = null, dispatched_to = null,
          paused = false, finished_at = now()
      from open where run.id = open.id
    )
    select stage_id as "stageId", state as "from", ${batch} from open
    group by stage_id, state order by stage_id, state`,
});

/** $1 sweep. */
export const cancelRunsOfSweep = cancelUnfinished('sweep_id = $1');

/** $1 stages. Of their runs those that no other stage looks at. */
export const cancelRunsOnlyOf = cancelUnfinished(`id in (select run_id from stage_run where stage_id = any($1::uuid[]))
        and not exists (select from stage_run sr where sr.run_id = run.id and sr.stage_id <> all($1::uuid[]))`);
