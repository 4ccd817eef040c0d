import type { Statement } from '../statement.js';
import { heldRun } from './fenced.js';

/**
 * $1 run, $2 fence, $3 id, $4 name, $5 kind, $6 media type, $7 sha256, $8 size, $9 epoch, $10 step.
 * No row when the fence is stale. The same file sent twice in an attempt is one artifact.
 */
export const insertArtifact = (options: { fence: boolean }): Statement => ({
  text: `
    with held as (${heldRun(options.fence)})
    insert into artifact (id, run_id, fence, name, kind, media_type, sha256, size, epoch, step)
    select $3::uuid, held.id, $2, $4, $5::artifact_kind, $6, $7, $8, $9, $10 from held
    on conflict (run_id, name, fence) do update
    set kind = excluded.kind, media_type = excluded.media_type, sha256 = excluded.sha256,
        size = excluded.size, epoch = excluded.epoch, step = excluded.step, created_at = now()
    returning id`,
});

/** $1 id, $2 name, $3 kind, $4 media type, $5 sha256, $6 size, $7 epoch, $8 step, $9 project. */
export const insertLoose: Statement = {
  text: `
    insert into artifact (id, name, kind, media_type, sha256, size, epoch, step, project)
    values ($1, $2, $3::artifact_kind, $4, $5, $6, $7, $8, $9)`,
};

/**
 * $1 run, $2 the artifact just recorded, $3 its name. Takes away what it replaces: those of its name of
 * earlier attempts (each attempt keeps its own log), and all checkpoints but the newest two.
 */
export const dropReplaced: Statement = {
  text: `
    delete from artifact
    where run_id = $1 and id <> $2
      and ((name = $3 and kind <> 'log')
        or (kind = 'checkpoint' and id not in (
          select id from artifact where run_id = $1 and kind = 'checkpoint'
          order by step desc nulls last, id desc limit 2)))
    returning sha256`,
};

/** $1 run, $2 artifact. */
export const deleteCheckpoint: Statement = {
  text: `delete from artifact where run_id = $1 and id = $2 and kind = 'checkpoint'`,
};

/** $1 run, $2 name, $3 fence: what an artifact sent again is about to replace. */
export const contentBefore: Statement = {
  text: 'select sha256 from artifact where run_id = $1 and name = $2 and fence = $3',
};

/**
 * $1 sha256. Whoever records an artifact of this content, and whoever deletes the file, wait for each
 * other: a file is never deleted between the look at who refers to it and a new reference.
 */
export const lockContent: Statement = { text: 'select pg_advisory_xact_lock(hashtextextended($1, 7238003))' };

/** $1 sha256s. Those that no artifact and no uploaded dataset refers to. */
export const unreferenced: Statement = {
  text: `
    select wanted.sha256 from unnest($1::text[]) as wanted (sha256)
    where not exists (select from artifact a where a.sha256 = wanted.sha256)
      and not exists (select from dataset d where d.hash = wanted.sha256 and d.uploaded_at is not null)`,
};
