import type { Statement } from '../statement.js';

/** $1 sweep, $2 dataset hash, then columns: $3 ids, $4 hashes, $5 models, $6 versions, $7 params, $8 datasets (JSON). */
export const insertCells: Statement = {
  text: `
    insert into cell (id, sweep_id, hash, dataset_hash, model, model_version, params, dataset)
    select c.id, $1, c.hash, $2, c.model, c.model_version, c.params::json, c.dataset::json
    from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
      as c (id, hash, model, model_version, params, dataset)
    on conflict (sweep_id, hash, dataset_hash) do nothing`,
};

/** $1 sweep, $2 dataset hash, $3 hashes. */
export const findCells: Statement = {
  text: 'select id, hash from cell where sweep_id = $1 and dataset_hash = $2 and hash = any($3::text[])',
};

/** $1 stage, then columns: $2 cells, $3 points (JSON). They come after those the stage has. */
export const insertStageCells: Statement = {
  text: `
    insert into stage_cell (stage_id, cell_id, ordinal, point)
    select $1, c.cell_id, (select count(*) from stage_cell where stage_id = $1) + c.n - 1, c.point::json
    from unnest($2::uuid[], $3::text[]) with ordinality as c (cell_id, point, n)
    on conflict (stage_id, cell_id) do nothing`,
};

/**
 * $1 stage, $2 dataset hash, then columns: $3 ids, $4 cells, $5 seeds, $6 parents. A run of the same
 * cell, seed and parent that is there already stays as it is.
 */
export const insertRuns: Statement = {
  text: `
    insert into run (id, sweep_id, stage_id, cell_id, seed, dataset_hash, parent_run_id, priority)
    select r.id, stage.sweep_id, stage.id, r.cell_id, r.seed, $2, r.parent, stage.priority
    from stage, unnest($3::uuid[], $4::uuid[], $5::int[], $6::uuid[]) as r (id, cell_id, seed, parent)
    where stage.id = $1
    on conflict (cell_id, seed, parent_run_id) do nothing`,
};

/** $1 stage, then columns: $2 cells, $3 seeds, $4 parents. */
export const linkRuns: Statement = {
  text: `
    insert into stage_run (stage_id, run_id)
    select $1, run.id
    from unnest($2::uuid[], $3::int[], $4::uuid[]) as r (cell_id, seed, parent)
    join run on run.cell_id = r.cell_id and run.seed = r.seed and run.parent_run_id is not distinct from r.parent
    on conflict (stage_id, run_id) do nothing`,
};
