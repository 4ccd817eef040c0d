import type { Statement } from '../statement.js';
import { heldRun, unsafeName } from './fenced.js';

/**
 * $1 run, $2 fence, then columns: $3 name ids, $4 splits, $5 steps, $6 epochs, $7 values. One row with
 * held = 1, or 0 when the fence is stale.
 */
export const ingestPoints = (options: { fence: boolean }): Statement => ({
  name: unsafeName('ingest_points', options.fence),
  text: `
    with held as (${heldRun(options.fence)}),
    written as (
      insert into metric_point (run_id, name_id, split, step, epoch, value)
      select held.id, p.name_id, p.split, p.step, p.epoch, p.value
      from held, unnest($3::int2[], $4::int2[], $5::int4[], $6::int4[], $7::float8[])
        as p (name_id, split, step, epoch, value)
      on conflict do nothing
    )
    select count(*)::int as held from held`,
});
