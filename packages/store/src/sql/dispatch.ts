import type { Statement } from '../statement.js';

/** Key of the advisory lock under which dispatchers take turns: two at once would each see room under the same maxParallel. */
export const DISPATCH_LOCK = 7_238_002;

export const lockDispatch: Statement = { name: 'lock_dispatch', text: 'select pg_advisory_xact_lock($1)' };

/**
 * $1 limit, $2 capability. Within a sweep runs go by priority, then age. Between sweeps: priority, then
 * who has the smaller share, where the k-th candidate of a sweep counts (busy + k) / weight, busy being
 * what it has running or dispatched. So two sweeps of weights 1 and 3 interleave 1 : 3 even when
 * one of them starts with everything.
 *
 * A project with a limit gets no more than what it has left of it, over all its sweeps.
 *
 * Per sweep it reads at most `limit` entries from the head of an index (run_waiting_idx): what it costs
 * depends on the slots and on how many sweeps are active, not on how many runs wait.
 */
export const takeForDispatch: Statement = {
  name: 'take_for_dispatch',
  text: `
    with wanted as (
      select head.id, s.project,
             row_number() over (order by head.priority desc, (busy.n + head.k) / e.weight, head.id) as place
      from sweep s
      cross join lateral (
        select weight, max_parallel from stage
        where stage.sweep_id = s.id and stage.state <> 'pending'
        order by ordinal desc limit 1
      ) e
      cross join lateral (
        select count(*) as n from run
        where run.sweep_id = s.id and (run.state = 'running' or (run.state = 'queued' and run.dispatched_to is not null))
      ) busy
      cross join lateral (
        select waiting.id, waiting.priority, row_number() over (order by waiting.priority desc, waiting.id) as k
        from (
          select run.id, run.priority from run
          where run.sweep_id = s.id and run.state = 'queued' and run.dispatched_to is null and not run.paused
          order by run.priority desc, run.id
          -- No maxParallel is NULL here, which least() passes over.
          limit least($1::int, case when e.max_parallel is not null then greatest(e.max_parallel - busy.n, 0) end)
          for no key update skip locked
        ) waiting
      ) head
      where s.state in ('running', 'awaiting_review')
    ), room as (
      select q.project, q.max_parallel - (
        select count(*) from sweep s join run on run.sweep_id = s.id
        where s.project = q.project
          and (run.state = 'running' or (run.state = 'queued' and run.dispatched_to is not null))
      ) as n
      from project_quota q
    ), candidate as (
      select ranked.id, ranked.place
      from (select *, row_number() over (partition by project order by place) as nth from wanted) ranked
      left join room on room.project = ranked.project
      where room.n is null or ranked.nth <= room.n
      order by ranked.place
      limit $1::int
    ), marked as (
      update run set dispatched_to = $2::capability
      from candidate where run.id = candidate.id
      returning run.id, run.fence, run.sweep_id, candidate.place
    )
    select id as "runId", fence, sweep_id as "sweepId" from marked order by place`,
};

export const listDispatched: Statement = {
  text: `
    select run.id as "runId", run.fence, run.dispatched_to as capability
    from run join sweep on sweep.id = run.sweep_id
    where run.state = 'queued' and run.dispatched_to is not null and sweep.state in ('running', 'awaiting_review')
    order by run.priority desc, run.id`,
};

/** $1 runs, $2 fences. */
export const undispatch: Statement = {
  text: `
    with marked as (
      select r.id from unnest($1::uuid[], $2::int[]) as d (run_id, fence)
      join run r on r.id = d.run_id and r.fence = d.fence
      where r.state = 'queued' and r.dispatched_to is not null
      order by r.id
      for no key update of r
    )
    update run set dispatched_to = null from marked where run.id = marked.id`,
};
