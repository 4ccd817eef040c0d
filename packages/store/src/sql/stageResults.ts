import type { Statement } from '../statement.js';

/** $1 stage. */
export const cellsOfStage: Statement = {
  text: `
    select c.id as "cellId", sc.point, c.params
    from stage_cell sc join cell c on c.id = sc.cell_id
    where sc.stage_id = $1 and sc.ordinal is not null order by sc.ordinal`,
};

/** $1 stage. */
export const runsOfStage: Statement = {
  text: `
    select r.id, r.cell_id, r.seed, r.state, r.failure_class, r.failure_message
    from stage_run sr join run r on r.id = sr.run_id
    where sr.stage_id = $1
    order by r.seed, r.id`,
};

/**
 * $1 stage. A run's summary as `1:0.25,2:NaN`, by the ids of the metrics' names. Of 100,000 runs with 20
 * metrics each it takes 4 s so, 7 s as rows or as arrays, and 11 s as arrays in an order with the names joined.
 */
export const summariesOfStage: Statement = {
  text: `
    select rs.run_id as id, string_agg(rs.name_id || ':' || rs.value, ',') as summary
    from stage_run sr join run_summary rs on rs.run_id = sr.run_id
    where sr.stage_id = $1
    group by rs.run_id`,
};

export const allMetricNames: Statement = { text: 'select id, name from metric_name' };

/** $1 stage, $2 metric, $3 limit. In index order; Postgres sorts NaN above all numbers, so descending it needs leaving out. */
export const scoresOfStage = (direction: 'min' | 'max'): Statement => ({
  text: `
    select sc.cell_id as "cellId", c.point, sc.n, sc.mean, sc.median
    from metric_name m
    cross join lateral (
      (select * from cell_score
       where stage_id = $1 and name_id = m.id and mean <> 'NaN'
       order by mean ${direction === 'min' ? 'asc' : 'desc'} limit $3)
      union all
      (select * from cell_score where stage_id = $1 and name_id = m.id and mean = 'NaN' limit $3)
    ) sc
    join stage_cell c on c.stage_id = sc.stage_id and c.cell_id = sc.cell_id
    where m.name = $2
    order by sc.mean = 'NaN', ${direction === 'min' ? 'sc.mean' : '-sc.mean'}, c.ordinal
    limit $3`,
});
