import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Database } from './database.js';

/** Where the time goes, in files: `*.cpuprofile` of each role that ends in order, `statements.tsv` of Postgres. */
export interface Profile {
  /** For the roles. */
  env: Record<string, string>;
  /** For Postgres. */
  settings: Record<string, string>;
  begin(database: Database): Promise<void>;
  end(database: Database): Promise<void>;
}

const STATEMENTS = `
  select calls, round(total_exec_time::numeric, 1) as ms, round(mean_exec_time::numeric, 3) as each,
         wal_records, regexp_replace(left(query, 160), '\\s+', ' ', 'g') as query
  from pg_stat_statements order by total_exec_time desc limit 60`;

/** @param folder null: no profile */
export function profileOf(folder: string | undefined): Profile {
  if (folder === undefined) return { env: {}, settings: {}, begin: async () => {}, end: async () => {} };
  const to = resolve(folder);
  mkdirSync(to, { recursive: true });
  return {
    env: { NODE_OPTIONS: `--import=${import.meta.resolve('./profiler.js')}`, TRAWL_BENCH_PROFILE: to },
    settings: { shared_preload_libraries: 'pg_stat_statements' },
    async begin(database) {
      await database.rows('create extension if not exists pg_stat_statements');
      await database.rows('select pg_stat_statements_reset()');
    },
    async end(database) {
      const rows = await database.rows(STATEMENTS);
      const lines = rows.map((row) => Object.values(row).join('\t'));
      writeFileSync(join(to, 'statements.tsv'), `calls\tms\teach\twal\tquery\n${lines.join('\n')}\n`);
    },
  };
}
