import type { Statement } from '../statement.js';
import { heldRuns } from './fenced.js';

/**
 * $1 runs, $2 fences, $3 next state; then columns of their summaries: $4 the run's place in $1, $5 name ids, $6 values.
 * Returns those that were held at their fence and are so no more. Rows are locked by id, as in renewLeases.
 */
export const succeedRuns = (options: { fence: boolean }): Statement => ({
  text: `
    with held as (${heldRuns(options.fence)}
    ), ended as (
      update attempt set ended_at = now(), "end" = 'succeeded', message = null
      from held where attempt.run_id = held.id and attempt.fence = held.fence and attempt.ended_at is null
    ), summarised as (
      insert into run_summary (run_id, name_id, value)
      select held.id, s.name_id, s.value
      from unnest($4::int[], $5::int2[], $6::float8[]) as s (place, name_id, value) join held on held.place = s.place
      on conflict (run_id, name_id) do update set value = excluded.value
    )
    update run
    set state = $3::run_state, fence = run.fence + 1, failure_class = null, failure_message = null,
        worker_id = null, lease_until = null, dispatched_to = null, paused = false, finished_at = now()
    from held where run.id = held.id
    returning run.id, run.sweep_id, run.stage_id, run.fence`,
});
