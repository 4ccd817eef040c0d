import type { Statement } from '../statement.js';
import { holds } from './fenced.js';

/**
 * $1 run, $2 fence. Locks the run for a change of state by its owner; its failures so far and how many
 * its stage allows.
 */
export const lockHeldRun = (options: { fence: boolean }): Statement => ({
  text: `
    select run.state, run.failures, stage.max_failures
    from run join stage on stage.id = run.stage_id
    where run.id = $1 and ${holds(options.fence)}
    for no key update of run`,
});

/** $1 run, $2 fence. The same for the reaper: only while the lease is over. */
export const lockExpiredRun: Statement = {
  text: `
    select run.state, run.failures, stage.max_failures, worker.host, worker.pid
    from run join stage on stage.id = run.stage_id join worker on worker.id = run.worker_id
    where run.id = $1 and run.state = 'running' and run.fence = $2 and run.lease_until < now()
    for no key update of run`,
};

/** $1 run, $2 fence, $3 next state, $4 failures, $5 failure class, $6 its message. Whoever owned it can write no more. */
export const leaveRunning = (options: { fence: boolean }): Statement => ({
  name: options.fence ? 'leave_running' : 'leave_running_unsafe',
  text: `
    update run
    set state = $3::run_state, fence = fence + 1, failures = $4, failure_class = $5::failure_class,
        failure_message = $6, worker_id = null, lease_until = null, dispatched_to = null,
        paused = paused and $3::run_state = 'queued',
        finished_at = case when $3::run_state = 'queued' then null else now() end
    where id = $1 and ${holds(options.fence)}
    returning fence, stage_id`,
});

/** $1 run, $2 fence of the attempt, $3 how it ended, $4 message. */
export const endAttempt: Statement = {
  name: 'end_attempt',
  text: `
    update attempt set ended_at = now(), "end" = $3, message = $4
    where run_id = $1 and fence = $2 and ended_at is null`,
};

/** $1 run, $2 fence. */
export const attemptEnd: Statement = {
  text: `select "end" from attempt where run_id = $1 and fence = $2`,
};
