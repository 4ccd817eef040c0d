import type { Statement } from '../statement.js';

/**
 * $1 sweep. A run says how many epochs it takes only once it trains: until then it counts as long as the
 * others on average. A finished run counts whole, though it may have stopped early. Seconds an epoch
 * are measured over all attempts.
 */
export const sweepProgress: Statement = {
  text: `
    with known as (
      select r.id, r.state, r.epoch,
             coalesce(r.epochs, avg(r.epochs) over (), 0)::float8 as planned
      from run r where r.sweep_id = $1
    ), spent as (
      select sum(extract(epoch from coalesce(a.ended_at, now()) - a.started_at))::float8 as seconds
      from run r join attempt a on a.run_id = r.id
      where r.sweep_id = $1 and r.epoch > 0
    )
    select coalesce(sum(case when state in ('queued', 'running') then coalesce(epoch, 0) else planned end), 0)::float8 as done,
           coalesce(sum(planned), 0)::float8 as total,
           coalesce(sum(epoch), 0)::float8 as trained,
           count(*) filter (where state = 'running')::int as running,
           (select seconds from spent) as seconds
    from known`,
};
