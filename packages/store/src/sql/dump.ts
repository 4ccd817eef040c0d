import type { Statement } from '../statement.js';

/** trawl's own tables with the columns that are stored. (The queue's lie in a schema of their own: it is made anew.) */
export const ownTables: Statement = {
  text: `
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> '_prisma_migrations'
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    group by c.relname
    order by c.relname`,
};

/** The last value that each has given out; null where it has given none. */
export const ownSequences: Statement = {
  text: `select sequencename as name, last_value::text as value from pg_sequences where schemaname = 'public' order by 1`,
};

/** $1 sequence, $2 the last value that it has given out. */
export const setSequence: Statement = { text: `select setval($1::regclass, $2::bigint)` };

export const copyOut = (table: string, columns: readonly string[]): string =>
  `copy "${table}" (${columns.map((column) => `"${column}"`).join(', ')}) to stdout`;

export const copyIn = (table: string, columns: readonly string[]): string =>
  `copy "${table}" (${columns.map((column) => `"${column}"`).join(', ')}) from stdin`;

/** Those of artifacts and of uploaded datasets, each once. */
export const referencedFiles: Statement = {
  text: `
    select sha256 from artifact
    union
    select hash from dataset where uploaded_at is not null
    order by 1`,
};

export const runningRuns: Statement = { text: `select id, fence from run where state = 'running' order by id` };
