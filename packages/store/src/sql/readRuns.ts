import type { Statement } from '../statement.js';

/** The columns of RunView; `point` is that of the stage which made the run. */
const view = `
    select r.id, r.sweep_id, r.cell_id, r.seed, r.state, r.paused, r.fence, r.failures, r.failure_class, r.failure_message,
           r.epoch, r.epochs, r.step, r.created_at, r.started_at, r.finished_at, sc.point,
           w.host, w.pid,
           array(
             select st.name from stage_run sr join stage st on st.id = sr.stage_id
             where sr.run_id = r.id order by st.ordinal
           ) as stages`;
const joined = `
    join stage_cell sc on sc.stage_id = r.stage_id and sc.cell_id = r.cell_id
    left join worker w on w.id = r.worker_id`;

/** $1 sweep, $2 state or null, $3 id after which to go on or null, $4 limit. */
export const pageOfSweep: Statement = {
  text: `${view}
    from run r ${joined}
    where r.sweep_id = $1 and ($2::run_state is null or r.state = $2::run_state) and ($3::uuid is null or r.id > $3::uuid)
    order by r.id limit $4`,
};

/** The same of one stage: $5 its name. */
export const pageOfStage: Statement = {
  text: `${view}
    from stage_run member
    join run r on r.id = member.run_id ${joined}
    where member.stage_id = (select id from stage where sweep_id = $1 and name = $5)
      and ($2::run_state is null or r.state = $2::run_state) and ($3::uuid is null or member.run_id > $3::uuid)
    order by member.run_id limit $4`,
};

/** $1 run. */
export const oneRun: Statement = {
  text: `${view}, r.dataset_hash, c.model, c.model_version, c.params, c.dataset
    from run r join cell c on c.id = r.cell_id ${joined}
    where r.id = $1`,
};

/** $1 run. */
export const summaryOfRun: Statement = {
  text: `
    select n.name, s.value from run_summary s join metric_name n on n.id = s.name_id
    where s.run_id = $1 order by n.name`,
};

/** $1 sweep, $2 id after which to go on or null, $3 limit. The summary as text by name: JSON has no NaN. */
export const detailsOfSweep: Statement = {
  text: `${view}, r.dataset_hash, c.model, c.model_version, c.params, c.dataset,
           (select json_object_agg(n.name, s.value::text order by n.name)
            from run_summary s join metric_name n on n.id = s.name_id where s.run_id = r.id) as summary
    from run r join cell c on c.id = r.cell_id ${joined}
    where r.sweep_id = $1 and ($2::uuid is null or r.id > $2::uuid)
    order by r.id limit $3`,
};

/** $1 sweep: names of the parameters of its cells. */
export const parametersOfSweep: Statement = {
  text: 'select distinct name from cell, json_object_keys(cell.params) as name where cell.sweep_id = $1 order by name',
};

/** $1 sweep: full names of the metrics of its runs' summaries. */
export const metricsOfSweep: Statement = {
  text: `
    select n.name from metric_name n
    where exists (
      select from run r join run_summary s on s.run_id = r.id and s.name_id = n.id where r.sweep_id = $1)
    order by n.name`,
};
