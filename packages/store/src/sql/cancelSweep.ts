import type { Statement } from '../statement.js';
import { batch } from './batch.js';

/** $1 sweep. Rows are locked by id, as in renewLeases. Returns them by the stage that made them and the state that they had. */
export const cancelRunsOfSweep: Statement = {
  text: `
    with open as (
      select id, stage_id, state, fence from run
      where sweep_id = $1 and state in ('queued', 'running')
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
};

/** $1 sweep. */
export const cancelStagesOfSweep: Statement = {
  text: `
    update stage set state = 'cancelled'
    where sweep_id = $1 and state in ('pending', 'running', 'selecting', 'awaiting_review')
    returning id, name, (select was.state from stage was where was.id = stage.id) as was`,
};

/** $1 sweep. Whatever waits in a queue finds the sweep paused; it is dispatched anew after the pause. */
export const undispatchSweep: Statement = {
  text: `
    with marked as (
      select id from run
      where sweep_id = $1 and state = 'queued' and dispatched_to is not null
      order by id
      for no key update
    )
    update run set dispatched_to = null from marked where run.id = marked.id`,
};
