import type { Statement } from '../statement.js';
import { heldRuns } from './fenced.js';

/**
 * What trainers said, of several runs at once. $1 runs, $2 fences. Then columns whose first says whose a row is, by its
 * place in $1: BackendInfo as JSON $3-$4; epoch, epochs, step $5-$8; points $9-$14 (name id, split, step, epoch,
 * value), of which the value that came first stays. Returns the places of those that were held at their fence; of
 * the others nothing is written. The fence stands in the writing statement itself; a check before would race with
 * the reaper. Rows are locked by id, as in renewLeases.
 */
export const reportRuns = (options: { fence: boolean }): Statement => ({
  text: `
    with held as (${heldRuns(options.fence)}
    ), described as (
      update attempt set backend = info.backend::json
      from unnest($3::int[], $4::text[]) as info (place, backend) join held on held.place = info.place
      where attempt.run_id = held.id and attempt.fence = held.fence
    ), moved as (
      update run set epoch = at.epoch, epochs = at.epochs, step = at.step
      from unnest($5::int[], $6::int[], $7::int[], $8::int[]) as at (place, epoch, epochs, step)
      join held on held.place = at.place
      where run.id = held.id
    ), written as (
      insert into metric_point (run_id, name_id, split, step, epoch, value)
      select held.id, p.name_id, p.split, p.step, p.epoch, p.value
      from unnest($9::int[], $10::int2[], $11::int2[], $12::int4[], $13::int4[], $14::float8[])
        as p (place, name_id, split, step, epoch, value)
      join held on held.place = p.place
      on conflict do nothing
    )
    select place::int from held`,
});
