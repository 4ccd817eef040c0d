import type { Statement } from '../statement.js';
import { interval } from './lease.js';

/**
 * $1 runs, $2 their fences at dispatch, $3 their workers. Compare and set: of any number of workers one gets a row. Each
 * run goes back to its newest checkpoint, which comes with the row: what was reported after it is dropped
 * (everything, when there is none). The caller holds the sweeps' locks, by a statement of its own: nothing that a
 * former attempt wrote is younger than what this one sees.
 * An awaiting_review sweep runs what was retried in it; a paused one nothing.
 */
export const claimRuns = (options: { cas: boolean; leaseSeconds: number }): Statement => ({
  text: `
    with wanted as (
      select run.id, c.worker_id
      from unnest($1::uuid[], $2::int[], $3::uuid[]) as c (run_id, fence, worker_id) join run on run.id = c.run_id
      where ${options.cas ? "run.state = 'queued' and run.fence = c.fence" : 'true'}
        and not run.paused
        and exists (select from sweep where sweep.id = run.sweep_id and sweep.state in ('running', 'awaiting_review'))
      order by run.id
      for no key update of run
    ), newest as (
      select wanted.id as run_id, wanted.worker_id, a.id, a.name, a.sha256, a.size, a.epoch, a.step
      from wanted left join lateral (
        select * from artifact where run_id = wanted.id and kind = 'checkpoint'
        order by step desc nulls last, id desc limit 1
      ) a on true
    ), dropped as (
      delete from metric_point p using newest where p.run_id = newest.run_id and p.step > coalesce(newest.step, -1)
    ), claimed as (
      update run
      set state = 'running', fence = run.fence + 1, worker_id = newest.worker_id, lease_until = now() + ${interval(options.leaseSeconds)},
          dispatched_to = null, started_at = coalesce(run.started_at, now()), finished_at = null,
          epoch = newest.epoch, step = newest.step
      from newest where run.id = newest.run_id
      returning run.id, run.sweep_id, run.stage_id, run.fence, run.seed, run.dataset_hash, run.worker_id
    ), tried as (
      insert into attempt (run_id, fence, worker_id) select id, fence, worker_id from claimed
    )
    select c.id, c.sweep_id, c.stage_id, c.fence, c.seed, c.dataset_hash, newest.id as checkpoint_id, newest.name as checkpoint_name,
           newest.sha256 as checkpoint_sha256, newest.size::float8 as checkpoint_size,
           newest.epoch as checkpoint_epoch, newest.step as checkpoint_step
    from claimed c join newest on newest.run_id = c.id`,
});
