import type { Statement } from '../statement.js';

/**
 * $1 stage, $2 states it may leave, $3 state, $4 reason, $5 selected cell, $6 why, $7 who decided, $8 the plan by which it
 * was decided or null.
 * A running stage is not done while a run is unfinished: one may have been added since the caller looked. A person who
 * reviews it may decide all the same.
 */
export const setStageState: Statement = {
  text: `
    update stage
    set state = $3::stage_state, reason = $4, selected_cell_id = $5, why = $6, decided_by = $7,
        decided_at = case when $3::stage_state = 'done' then now() end
    where id = $1 and state = any($2::stage_state[]) and ($8::jsonb is null or plan::jsonb = $8::jsonb)
      and ($5::uuid is null or exists (
        select from stage_cell where stage_id = $1 and cell_id = $5::uuid and ordinal is not null))
      and ($3::stage_state <> 'done' or state = 'awaiting_review' or not exists (
        select from stage_run sr join run r on r.id = sr.run_id
        where sr.stage_id = $1 and r.state in ('queued', 'running')))
    returning name, (select was.state from stage was where was.id = stage.id) as was`,
};

/** $1 stage, $2 the plan that its cells were made of, or null: pending -> running, unless it was extended meanwhile. */
export const runStage: Statement = {
  text: `
    update stage set state = 'running'
    where id = $1 and state = 'pending' and ($2::jsonb is null or plan::jsonb = $2::jsonb)
    returning name`,
};

/** $1 id, $2 sweep, $3 ordinal, $4 plan, $5 dataset hash. What dispatch reads of the plan gets columns. */
export const insertStage: Statement = {
  text: `
    insert into stage (id, sweep_id, ordinal, name, plan, dataset_hash, priority, weight, max_parallel, max_failures)
    select $1, $2, $3, p.plan ->> 'name', p.plan, $5,
           (p.plan -> 'execution' ->> 'priority')::int, (p.plan -> 'execution' ->> 'weight')::float8,
           (p.plan -> 'execution' ->> 'maxParallel')::int, (p.plan -> 'execution' ->> 'maxFailures')::int
    from (select $4::json as plan) p`,
};

/** $1 sweep, $2 dataset as JSON: the ordinal that comes next, and the sha256 of that dataset in this sweep. */
export const nextStage: Statement = {
  text: `
    select max(ordinal) + 1 as ordinal,
           (array_agg(dataset_hash order by ordinal desc) filter (where (plan -> 'dataset')::jsonb = $2::jsonb))[1] as dataset_hash
    from stage where sweep_id = $1`,
};

/** $1 sweep: a stage that is not done. */
export const stageOpen: Statement = {
  text: `select id from stage where sweep_id = $1 and state <> 'done' limit 1`,
};

/** $1 sweep. */
export const stageAwaiting: Statement = {
  text: `select id from stage where sweep_id = $1 and state = 'awaiting_review' limit 1`,
};
