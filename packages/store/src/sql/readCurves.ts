import type { Statement } from '../statement.js';

/**
 * $1 run, $2 names and $3 splits side by side, or both null for all; $4 points at most, or null. Of n
 * points, evenly spaced ones are kept: i such that floor(i (m-1)/(n-1)) rises there, which includes the
 * first and the last.
 */
export const readCurves: Statement = {
  text: `
    with point as (
      select m.name, p.split, p.step, p.epoch, p.value,
             row_number() over curve - 1 as i, count(*) over (partition by p.name_id, p.split) as n
      from metric_point p join metric_name m on m.id = p.name_id
      where p.run_id = $1
        and ($2::text[] is null or (m.name, p.split) in (select * from unnest($2::text[], $3::int2[])))
      window curve as (partition by p.name_id, p.split order by p.step)
    )
    select name, split, array_agg(epoch order by step) as epochs, array_agg(step order by step) as steps,
           array_agg(value order by step) as values
    from point
    where $4::int is null or n <= $4::int or i = 0
      or i * ($4::int - 1) / (n - 1) > (i - 1) * ($4::int - 1) / (n - 1)
    group by name, split
    order by name, split`,
};
