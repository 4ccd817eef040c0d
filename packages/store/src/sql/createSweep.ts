import type { Statement } from '../statement.js';

/** $1 hash, $2 kind, $3 size, $4 facts (JSON), $5 path below a data root or null. */
export const insertDataset: Statement = {
  text: `
    insert into dataset (hash, kind, size, facts, path) values ($1, $2, $3, $4::json, $5)
    on conflict (hash) do update set path = excluded.path
      where excluded.path is not null and dataset.path is distinct from excluded.path`,
};

/** $1 id, $2 name, $3 project, $4 model, $5 spec (JSON), $6 text, $7 idempotency key, $8 traceparent. No row when the key is taken. */
export const insertSweep: Statement = {
  text: `
    insert into sweep (id, name, project, model, spec, text, idempotency_key, traceparent)
    values ($1, $2, $3, $4, $5::json, $6, $7, $8)
    on conflict (project, idempotency_key) do nothing
    returning id`,
};

/**
 * $1 sweep, $2 a stage or null: seeds of the runs and of the plans of all other stages. A run that no stage looks at any
 * more has taken no part in a selection.
 */
export const usedSeeds: Statement = {
  text: `
    select run.seed
    from stage join stage_run sr on sr.stage_id = stage.id join run on run.id = sr.run_id
    where stage.sweep_id = $1 and stage.id is distinct from $2::uuid
    union
    select json_array_elements_text(plan -> 'seeds')::int from stage
    where sweep_id = $1 and id is distinct from $2::uuid
    order by seed`,
};
