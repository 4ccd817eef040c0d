import type { Statement } from '../statement.js';
import { interval } from './lease.js';

/**
 * $1 worker, $2 runs, $3 fences. Returns the runs still held, and which of them should stop. Rows are
 * locked by id, as everybody does who locks several, so that a renewal and the cancelling of a sweep
 * never wait for each other in a circle.
 */
export const renewLeases = (leaseSeconds: number): Statement => ({
  name: 'renew_leases',
  text: `
    with beat as (
      update worker set heartbeat_at = now() where id = $1 and gone_at is null
    ), held as (
      select r.id, s.state = 'paused' or r.paused as paused
      from unnest($2::uuid[], $3::int[]) as h (run_id, fence)
      join run r on r.id = h.run_id and r.fence = h.fence
      join sweep s on s.id = r.sweep_id
      where r.state = 'running' and r.worker_id = $1
      order by r.id
      for no key update of r
    )
    update run set lease_until = now() + ${interval(leaseSeconds)}
    from held where run.id = held.id
    returning run.id, held.paused`,
});
