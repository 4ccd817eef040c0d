import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { migrate, startEmbeddedPostgres } from '@trawl/store';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Database `trawl` of the test run's own server; `trawl_template` beside it is migrated. */
    databaseUrl: string;
  }
}

/** One server for the whole run, on a folder that goes with it. A database that a test left behind fails the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'trawl-test-'));
  // Nothing here needs to survive a power cut.
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
  const server = await startEmbeddedPostgres({ dataDir: folder, settings });
  const admin = new Client({ connectionString: server.databaseUrl });
  await admin.connect();
  await admin.query('create database trawl_template');
  await migrate(server.databaseUrl.replace(/\/trawl$/, '/trawl_template'));
  project.provide('databaseUrl', server.databaseUrl);

  return async () => {
    const left = await admin.query<{ datname: string }>("select datname from pg_database where datname like 'test_%'");
    await admin.end();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
    if (left.rows.length > 0) {
      throw new Error(`tests left databases behind: ${left.rows.map((each) => each.datname).join(', ')}`);
    }
  };
}
