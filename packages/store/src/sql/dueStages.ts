import type { Statement } from '../statement.js';

const columns = `
    st.id, st.sweep_id as "sweepId", st.name, st.ordinal, st.plan, st.state, st.reason,
    st.selected_cell_id as "selectedCellId", st.why, st.dataset_hash as "datasetHash"`;

/** Has the stage a run that waits or runs? Asked from the sweep's unfinished runs, of which the last stretch of a stage has few. */
const unfinished = `
    exists (
      select from run r join stage_run sr on sr.run_id = r.id and sr.stage_id = st.id
      where r.sweep_id = st.sweep_id and r.state in ('queued', 'running'))`;

/** Of running sweeps: stages whose runs are all finished, pending ones that come next. */
export const dueStages: Statement = {
  text: `
    select ${columns}
    from sweep s join stage st on st.sweep_id = s.id
    where s.state = 'running'
      and ((st.state in ('running', 'selecting') and not ${unfinished})
        or (st.state = 'pending' and not exists (
          select from stage before
          where before.sweep_id = st.sweep_id and before.ordinal < st.ordinal and before.state <> 'done')))
    order by s.id, st.ordinal`,
};

/** $1 sweep. */
export const stagesOfSweep: Statement = {
  text: `select ${columns} from stage st where st.sweep_id = $1 order by st.ordinal`,
};

/** $1 sweep, $2 name. */
export const stageByName: Statement = {
  text: `select ${columns} from stage st where st.sweep_id = $1 and st.name = $2`,
};

/**
 * Running sweeps in which nothing happens any more by itself: no run is unfinished, no stage has
 * anything to do. A failed stage fails the sweep; those behind it stay pending, for a retry.
 */
export const settledSweeps: Statement = {
  text: `
    select s.id,
           case when exists (select from stage st where st.sweep_id = s.id and st.state = 'failed')
                then 'failed' else 'succeeded' end as state
    from sweep s
    where s.state = 'running'
      and not exists (select from run r where r.sweep_id = s.id and r.state in ('queued', 'running'))
      and not exists (
        select from stage st
        where st.sweep_id = s.id
          and (st.state in ('running', 'selecting', 'awaiting_review')
            or (st.state = 'pending' and not exists (
              select from stage before
              where before.sweep_id = s.id and before.ordinal < st.ordinal and before.state <> 'done'))))
    order by s.id`,
};
