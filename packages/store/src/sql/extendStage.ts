import type { Statement } from '../statement.js';

/** $1 key, $2 sweep, $3 stage, $4 what was asked for (JSON). No row when the key is taken. */
export const insertExtension: Statement = {
  text: `
    insert into extension (id, sweep_id, stage_id, idempotency_key, body)
    select $1, $2, $3, $4, $5::json
    on conflict (idempotency_key) do nothing
    returning id`,
};

/** $1 key. */
export const extensionByKey: Statement = {
  text: 'select sweep_id as "sweepId", body from extension where idempotency_key = $1',
};

/** $1 stage, $2 the plan it must have, $3 the plan it gets, $4 how many stages the sweep must have. It opens (again), nothing is selected. */
export const extendStage: Statement = {
  text: `
    update stage
    set state = 'pending', plan = $3::json,
        reason = null, selected_cell_id = null, why = null, decided_by = null, decided_at = null
    where id = $1 and state <> 'cancelled' and plan::jsonb = $2::jsonb
      and (select count(*) from stage all_of where all_of.sweep_id = stage.sweep_id) = $4
    returning name, (select was.state from stage was where was.id = stage.id) as was`,
};

/**
 * Each $1 stages: they are as before they opened. Their runs stay, to be linked again where the same come out; a cell
 * without an ordinal is one that the stage had, which says what was varied in its runs.
 */
export const emptyStages: Statement[] = [
  { text: 'delete from stage_run where stage_id = any($1::uuid[])' },
  { text: 'update stage set selected_cell_id = null where id = any($1::uuid[])' },
  { text: 'update stage_cell set ordinal = null where stage_id = any($1::uuid[])' },
];

/** $1 stages. */
export const pendStages: Statement = {
  text: `
    update stage
    set state = 'pending', reason = null, selected_cell_id = null, why = null, decided_by = null, decided_at = null
    where id = any($1::uuid[]) and state not in ('pending', 'cancelled')
    returning id, name, (select was.state from stage was where was.id = stage.id) as was`,
};
