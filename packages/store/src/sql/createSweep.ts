import type { Statement } from '../statement.js';

/** $1 hash, $2 kind, $3 size, $4 facts (JSON). */
export const insertDataset: Statement = {
  text: 'insert into dataset (hash, kind, size, facts) values ($1, $2, $3, $4::json) on conflict (hash) do nothing',
};

/** $1 id, $2 name, $3 project, $4 model, $5 spec (JSON), $6 text, $7 idempotency key. No row when the key is taken. */
export const insertSweep: Statement = {
  text: `
    insert into sweep (id, name, project, model, spec, text, idempotency_key)
    values ($1, $2, $3, $4, $5::json, $6, $7)
    on conflict (idempotency_key) do nothing
    returning id`,
};

/** $1 sweep: seeds of its runs and of the plans of its stages. */
export const usedSeeds: Statement = {
  text: `
    select seed from run where sweep_id = $1
    union
    select json_array_elements_text(plan -> 'seeds')::int from stage where sweep_id = $1
    order by seed`,
};
