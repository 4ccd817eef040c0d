import type { Statement } from '../statement.js';

/*
 * cell_score holds, for each stage, cell and summary metric, the numbers over the succeeded runs: a
 * million runs are ranked by reading an index. Written in the transaction that changes what they
 * count, under the sweep's lock.
 */

const scores = `
    insert into cell_score (stage_id, cell_id, name_id, n, mean, median)
    select sr.stage_id, r.cell_id, s.name_id, count(*), avg(s.value),
           percentile_cont(0.5) within group (order by s.value)`;
const replace = `
    group by sr.stage_id, r.cell_id, s.name_id
    on conflict (stage_id, cell_id, name_id)
    do update set n = excluded.n, mean = excluded.mean, median = excluded.median`;

/** $1 runs that have just succeeded: their cells, in every stage that the runs belong to. */
export const scoreCellsOfRuns: Statement = {
  text: `
    with touched as (
      select distinct sr.stage_id, mine.cell_id
      from run mine join stage_run sr on sr.run_id = mine.id
      where mine.id = any($1::uuid[])
    )${scores}
    from touched
    join run r on r.cell_id = touched.cell_id and r.state = 'succeeded'
    join stage_run sr on sr.run_id = r.id and sr.stage_id = touched.stage_id
    join run_summary s on s.run_id = r.id${replace}`,
};

/** $1 stage that has just linked runs that had succeeded before: all its cells. */
export const scoreStage: Statement = {
  text: `${scores}
    from stage_run sr
    join run r on r.id = sr.run_id and r.state = 'succeeded'
    join run_summary s on s.run_id = r.id
    where sr.stage_id = $1${replace}`,
};
