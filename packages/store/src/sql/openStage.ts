import type { Statement } from '../statement.js';
import { batch } from './batch.js';

/** $1 sweep, then columns: $2 dataset hashes, $3 ids, $4 hashes, $5 models, $6 versions, $7 params, $8 datasets (JSON). */
export const insertCells: Statement = {
  text: `
    insert into cell (id, sweep_id, hash, dataset_hash, model, model_version, params, dataset)
    select c.id, $1, c.hash, c.dataset_hash, c.model, c.model_version, c.params::json, c.dataset::json
    from unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
      as c (dataset_hash, id, hash, model, model_version, params, dataset)
    on conflict (sweep_id, hash, dataset_hash) do nothing`,
};

/** $1 sweep, then columns: $2 dataset hashes, $3 hashes. */
export const findCells: Statement = {
  text: `
    select cell.id, cell.hash
    from unnest($2::text[], $3::text[]) as c (dataset_hash, hash)
    join cell on cell.sweep_id = $1 and cell.hash = c.hash and cell.dataset_hash = c.dataset_hash`,
};

/** $1 stage, then columns: $2 cells, $3 points (JSON). They come after those the stage has. */
export const insertStageCells: Statement = {
  text: `
    insert into stage_cell (stage_id, cell_id, ordinal, point)
    select $1, c.cell_id, (select count(ordinal) from stage_cell where stage_id = $1) + c.n - 1, c.point::json
    from unnest($2::uuid[], $3::text[]) with ordinality as c (cell_id, point, n)
    on conflict (stage_id, cell_id) do update
      set ordinal = excluded.ordinal, point = excluded.point
      where stage_cell.ordinal is null`,
};

/**
 * $1 stage, then columns: $2 ids, $3 cells, $4 seeds, $5 parents. A run of the same cell, seed and parent that is
 * there already stays as it is. One row: how many were made, and between which ids they lie.
 */
export const insertRuns: Statement = {
  text: `
    with made as (
      insert into run (id, sweep_id, stage_id, cell_id, seed, dataset_hash, parent_run_id, priority)
      select r.id, stage.sweep_id, stage.id, r.cell_id, r.seed, cell.dataset_hash, r.parent, stage.priority
      from unnest($2::uuid[], $3::uuid[], $4::int[], $5::uuid[]) as r (id, cell_id, seed, parent)
      join stage on stage.id = $1
      join cell on cell.id = r.cell_id
      on conflict (cell_id, seed, parent_run_id) do nothing
      returning id
    )
    select ${batch} from made`,
};

/** Columns: $1 cells, $2 seeds, $3 parents. Runs cancelled with a stage that was built anew are wanted again. One row, as insertRuns. */
export const wakeRuns: Statement = {
  text: `
    with woken as (
      update run
      set state = 'queued', failures = 0, failure_class = null, failure_message = null, dispatched_to = null,
          finished_at = null
      from unnest($1::uuid[], $2::int[], $3::uuid[]) as r (cell_id, seed, parent)
      where run.cell_id = r.cell_id and run.seed = r.seed and run.parent_run_id is not distinct from r.parent
        and run.state = 'cancelled' and not exists (select from stage_run sr where sr.run_id = run.id)
      returning run.id
    )
    select ${batch} from woken`,
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
