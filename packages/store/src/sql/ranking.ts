import type { Statement } from '../statement.js';
import { summaryOfRun } from './stageResults.js';

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

/** How far a ranking may lag behind events that change nothing in it: each look reads them. */
const LAG = 500;

const look = `
    select ranking.id, sweep.event_seq as newest, since.cells, ranking.seq is null or since.opened as "isNew",
           ranking.seq is not null and not since.opened and since.cells is null
             and sweep.event_seq - ranking.seq <= ${LAG} as "isRight"
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
    where stage.id = $1`;

/**
 * $1 stage, $2 criterion. `newest` is the newest event, `cells` are those whose runs ended (or wait again) since the ranking
 * was put right, and `isNew` says that it was never made, or that the stage got or lost cells or runs.
 */
export const lookAtRanking: Statement = { text: look };

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

/**
 * $1 stage, $2 criterion, $3 limit, $4 offset, $5 further cells. No row where the ranking is not right; else one a cell in
 * order, with its runs, and one without a cell where there is none. What is on the page knows its place in the whole.
 */
export const pageOfRanking: Statement = {
  text: `
    with look as materialized (${look})
    select ranked.cell_id as "cellId", ranked.sort, ranked.at::int, sc.point, c.params, its.runs
    from look
    left join lateral (
      (select page.*, $4::int + row_number() over (order by sort, tie) as at
       from (select * from ranked_cell where ranking_id = look.id order by sort, tie limit $3 offset $4) page)
      union all
      (select *, null from ranked_cell where ranking_id = look.id and cell_id = any($5::uuid[]))
    ) ranked on true
    left join stage_cell sc on sc.stage_id = $1 and sc.cell_id = ranked.cell_id
    left join cell c on c.id = ranked.cell_id
    left join lateral (
      select json_agg(json_build_object(
               'id', r.id, 'cell_id', r.cell_id, 'seed', r.seed, 'state', r.state, 'failure_class', r.failure_class,
               'failure_message', r.failure_message, 'summary', (${summaryOfRun('r')})) order by r.seed, r.id) as runs
      from run r join stage_run sr on sr.run_id = r.id and sr.stage_id = $1
      where r.cell_id = ranked.cell_id
    ) its on true
    where look."isRight"
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
