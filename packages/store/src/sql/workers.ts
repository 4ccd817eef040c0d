import type { Statement } from '../statement.js';
import { interval } from './lease.js';

/** A worker lives while it renews (every few seconds), for as long as a lease of its runs would. */
export const alive = (leaseSeconds: number): string =>
  `w.gone_at is null and w.heartbeat_at > now() - ${interval(leaseSeconds)}`;

/** $1 worker. */
export const beat: Statement = {
  name: 'beat',
  text: 'update worker set heartbeat_at = now() where id = $1 and gone_at is null',
};

/** Those alive and those of the last day. */
export const listWorkers = (leaseSeconds: number): Statement => ({
  text: `
    select w.*, ${alive(leaseSeconds)} as alive, coalesce(r.runs, '[]') as runs
    from worker w
    left join lateral (
      select json_agg(json_build_object('runId', id, 'sweepId', sweep_id, 'epoch', epoch, 'epochs', epochs) order by id) as runs
      from run where worker_id = w.id and state = 'running'
    ) r on true
    where w.heartbeat_at > now() - interval '1 day'
    order by alive desc, w.id desc`,
});

/** $1 capability. */
export const freeSlots = (leaseSeconds: number): Statement => ({
  text: `
    with living as (select id, slots from worker w where capability = $1::capability and ${alive(leaseSeconds)})
    select coalesce((select sum(slots) from living), 0)::int as slots,
           (select count(*) from run where state = 'running' and worker_id in (select id from living))::int as busy,
           (select count(*) from run where state = 'queued' and dispatched_to = $1::capability)::int as dispatched`,
});
