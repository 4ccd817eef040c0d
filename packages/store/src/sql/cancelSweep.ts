import type { Statement } from '../statement.js';

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
