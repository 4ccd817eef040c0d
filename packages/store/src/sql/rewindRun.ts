import type { Statement } from '../statement.js';

/**
 * $1 run. Takes it back to its newest checkpoint, from which the next attempt resumes: what was reported
 * after it goes (everything, when there is none). Returns the checkpoint.
 */
export const rewindRun: Statement = {
  name: 'rewind_run',
  text: `
    with newest as (
      select id, name, sha256, size::float8 as size, epoch, step from artifact
      where run_id = $1 and kind = 'checkpoint'
      order by step desc nulls last, id desc limit 1
    ), dropped as (
      delete from metric_point where run_id = $1 and step > coalesce((select step from newest), -1)
    ), progress as (
      update run set epoch = (select epoch from newest), step = (select step from newest) where id = $1
    )
    select * from newest`,
};
