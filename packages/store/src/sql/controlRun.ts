import type { Statement } from '../statement.js';

/** $1 run. */
export const lockRun: Statement = {
  text: 'select id, state, fence, paused from run where id = $1 for no key update',
};

/** $1 run. Whoever runs it is fenced off with this. */
export const cancelRun: Statement = {
  text: `
    update run
    set state = 'cancelled', fence = fence + 1, worker_id = null, lease_until = null, dispatched_to = null,
        paused = false, finished_at = now()
    where id = $1 and state in ('queued', 'running')
    returning fence, stage_id`,
};

/** $1 run. It starts over with a clean sheet of failures, from its newest checkpoint. */
export const retryRun: Statement = {
  text: `
    update run
    set state = 'queued', failures = 0, failure_class = null, failure_message = null, dispatched_to = null,
        paused = false, finished_at = null
    where id = $1 and state in ('failed', 'cancelled')
    returning fence, stage_id`,
};

/** $1 run, $2 whether. What waits in a queue finds it paused; one that runs hears of it when it renews its lease. */
export const pauseRun: Statement = {
  text: 'update run set paused = $2, dispatched_to = null where id = $1',
};

/**
 * $1 run. Its stages that wait for it, or ended without it, run again. A done stage does so only while
 * nothing was built on what it selected: its later stages are still pending.
 */
export const reopenStagesOfRun: Statement = {
  text: `
    update stage
    set state = 'running', reason = null, decided_at = null
    from stage_run sr
    where sr.run_id = $1 and sr.stage_id = stage.id
      and (stage.state in ('awaiting_review', 'failed')
        or (stage.state = 'done' and not exists (
          select from stage later
          where later.sweep_id = stage.sweep_id and later.ordinal > stage.ordinal and later.state <> 'pending')))
    returning stage.id, stage.name, (select was.state from stage was where was.id = stage.id) as was`,
};
