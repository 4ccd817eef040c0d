import type { Statement } from '../statement.js';

/** $1 hash, $2 kind, $3 size, $4 facts (JSON), $5 name or null. One that a sweep has named before is an upload from now on. */
export const uploadDataset: Statement = {
  text: `
    with before as (select uploaded_at from dataset where hash = $1)
    insert into dataset (hash, kind, size, facts, name, uploaded_at) values ($1, $2, $3, $4::json, $5, now())
    on conflict (hash) do update
      set name = coalesce(excluded.name, dataset.name), uploaded_at = coalesce(dataset.uploaded_at, now())
    returning not exists (select from before where uploaded_at is not null) as created`,
};

/** $1 hash: sweeps whose stages or cells are of it, or of several sessions with it among them, the newest 10. */
export const sweepsOfDataset: Statement = {
  text: `
    select id, name from sweep
    where exists (select from stage where stage.sweep_id = sweep.id and stage.dataset_hash = $1)
       or exists (select from cell where cell.sweep_id = sweep.id and cell.dataset_hash = $1)
       or position('sha256:' || $1 in sweep.spec::text) > 0
    order by id desc limit 10`,
};

/** $1 hash. */
export const deleteDataset: Statement = { text: 'delete from dataset where hash = $1 and uploaded_at is not null' };
