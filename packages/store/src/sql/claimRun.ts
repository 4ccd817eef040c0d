import type { Statement } from '../statement.js';
import { interval } from './lease.js';

/**
 * $1 run, $2 fence at dispatch, $3 worker. Compare and set: of any number of workers one gets a row.
 * An awaiting_review sweep runs what was retried in it; a paused one nothing.
 */
export const claimRun = (options: { cas: boolean; leaseSeconds: number }): Statement => ({
  name: options.cas ? 'claim_run' : 'claim_run_unsafe',
  text: `
    update run
    set state = 'running', fence = fence + 1, worker_id = $3, lease_until = now() + ${interval(options.leaseSeconds)},
        dispatched_to = null, started_at = coalesce(started_at, now()), finished_at = null
    where id = $1
      and ${options.cas ? "state = 'queued' and fence = $2" : '$2::int is not null'}
      and not paused
      and exists (select from sweep where sweep.id = run.sweep_id and sweep.state in ('running', 'awaiting_review'))
    returning sweep_id, fence, seed, dataset_hash, parent_run_id`,
});

/** $1 run, $2 fence, $3 worker. */
export const insertAttempt: Statement = {
  name: 'insert_attempt',
  text: 'insert into attempt (run_id, fence, worker_id) values ($1, $2, $3)',
};
