import type { Statement } from '../statement.js';

/*
 * The order of a stage's cells is kept (ranking, ranked_cell) and put right when it is read: the events since say which
 * cells to look at again. A run's key in it depends on how the run ended; that is an event of its own, but for
 * cancellations, which change no key.
 */

/** What decides between equal keys: cells without one are in the order in which the stage has them. */
const tie = (sort: string): string => `case when ${sort} is null then ordinal else place end`;

/** $1 stage, $2 criterion. */
export const addRanking: Statement = {
  text: `
    insert into ranking (stage_id, criterion) select id, $2 from stage where id = $1
    on conflict (stage_id, criterion) do nothing`,
};

/** $1 stage, $2 how many may stay: those asked for first go. */
export const dropOldRankings: Statement = {
  text: `
    delete from ranking where id in (
      select id from ranking where stage_id = $1 order by id desc offset $2)`,
};

/** $1 stage, $2 criterion. */
export const forgetRanking: Statement = {
  text: 'update ranking set seq = null where stage_id = $1 and criterion = $2',
};

/**
 * $1 stage, $2 criterion. `seq` is what the ranking stands at, `newest` the newest event; `cells` are those whose runs ended
 * in between (or wait again), and `opened` says that the stage got or lost cells or runs.
 */
export const lookAtRanking: Statement = {
  text: `
    select ranking.id, ranking.seq, sweep.event_seq as newest, since.*
    from stage
    join sweep on sweep.id = stage.sweep_id
    join ranking on ranking.stage_id = stage.id and ranking.criterion = $2
    cross join lateral (
      select
        coalesce(bool_or(e.type = 'stage' and (e.data ->> 'state' = 'pending' or e.data -> 'runs' is not null)
                         and e.data ->> 'stageId' = stage.id::text), false) as opened,
        array_agg(distinct run.cell_id) filter (where run.id is not null) as cells
      from event e
      left join stage_run sr on e.type = 'run' and e.data ->> 'state' <> 'running'
        and sr.stage_id = stage.id and sr.run_id = (e.data ->> 'runId')::uuid
      left join run on run.id = sr.run_id
      where e.sweep_id = stage.sweep_id and e.seq > ranking.seq
    ) since
    where stage.id = $1`,
};

/** $1 ranking. Who waited for another who put it right gets a serialization failure, and looks again. */
export const lockRanking: Statement = { text: 'select id from ranking where id = $1 for update' };

/** $1 ranking. */
export const emptyRanking: Statement = { text: 'delete from ranked_cell where ranking_id = $1' };

export const analyzeRanked: Statement = { text: 'analyze ranked_cell' };

/** $1 ranking, then columns: $2 cells, $3 keys, $4 places, $5 ordinals. */
export const insertRanked: Statement = {
  text: `
    insert into ranked_cell (ranking_id, cell_id, sort, place, ordinal, tie)
    select $1, c.*, ${tie('sort')} from unnest($2::uuid[], $3::float8[], $4::int[], $5::int[]) as c (cell_id, sort, place, ordinal)`,
};

/** $1 ranking, then columns: $2 cells, $3 keys. */
export const updateRanked: Statement = {
  text: `
    update ranked_cell set sort = c.sort, tie = ${tie('c.sort')}
    from unnest($2::uuid[], $3::float8[]) as c (cell_id, sort)
    where ranked_cell.ranking_id = $1 and ranked_cell.cell_id = c.cell_id and ranked_cell.sort is distinct from c.sort`,
};

/** $1 ranking, $2 event. */
export const rankedUpTo: Statement = { text: 'update ranking set seq = $2 where id = $1' };

/** $1 ranking, $2 limit, $3 offset, $4 further cells. In order; what is on the page knows its place in the whole. */
export const pageOfRanking: Statement = {
  text: `
    select ranked.cell_id as "cellId", ranked.sort, ranked.at::int, sc.point, c.params
    from (
      (select page.*, $3::int + row_number() over (order by sort, tie) as at
       from (select * from ranked_cell where ranking_id = $1 order by sort, tie limit $2 offset $3) page)
      union all
      (select *, null from ranked_cell where ranking_id = $1 and cell_id = any($4::uuid[]))
    ) ranked
    join ranking on ranking.id = ranked.ranking_id
    join stage_cell sc on sc.stage_id = ranking.stage_id and sc.cell_id = ranked.cell_id
    join cell c on c.id = ranked.cell_id
    order by ranked.sort, ranked.tie, ranked.at nulls last`,
};

/** $1 ranking, $2 axis: of each value of it the first cell, in order. */
export const firstOfEachValue: Statement = {
  text: `
    select first.cell_id as "cellId", first.value
    from (
      select distinct on ((sc.point -> $2)::text) rc.*, sc.point -> $2 as value
      from ranked_cell rc
      join ranking on ranking.id = rc.ranking_id
      join stage_cell sc on sc.stage_id = ranking.stage_id and sc.cell_id = rc.cell_id
      where rc.ranking_id = $1 and sc.point -> $2 is not null
      order by (sc.point -> $2)::text, sort, tie
    ) first
    order by sort, tie`,
};
