import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type { Queryable } from './statement.js';

/** From src and from dist it is the same way up. */
const FOLDER = fileURLToPath(new URL('../../../prisma/migrations/', import.meta.url));
const COMMAND = `node ${path.relative(process.cwd(), fileURLToPath(new URL('../scripts/migrate.mjs', import.meta.url)))} DATABASE_URL`;

/** The advisory lock that `prisma migrate` takes: the two exclude each other. */
const PRISMA_LOCK = 72_707_369;

export class MigrationError extends Error {
  readonly code = 'migrations';
}

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

export interface AppliedMigration {
  name: string;
  /** sha256 of its file. */
  checksum: string;
}

interface Applied extends AppliedMigration {
  finished: boolean;
}

/**
 * Applies what is missing, each file in a transaction with its row in `_prisma_migrations`, which stays
 * readable to `prisma migrate`. (That command itself needs a schema engine, which no package contains.)
 * @returns the names of what it applied.
 */
export async function migrate(databaseUrl: string, folder = FOLDER): Promise<string[]> {
  return applyAll(databaseUrl, await readMigrations(folder));
}

/**
 * Applies to an empty database those migrations alone that another one has.
 * Throws `MigrationError` where this build does not know one of them, or knows it otherwise.
 */
export async function migrateAs(databaseUrl: string, applied: AppliedMigration[], folder = FOLDER): Promise<void> {
  const migrations = await readMigrations(folder);
  const missing = compare(
    migrations,
    applied.map((each) => ({ ...each, finished: true })),
  );
  await applyAll(
    databaseUrl,
    migrations.filter((migration) => !missing.includes(migration)),
  );
}

/** What a database has, in order. */
export async function appliedMigrations(on: Queryable): Promise<AppliedMigration[]> {
  if (!(await hasMigrations(on))) return [];
  return (await readApplied(on)).map(({ name, checksum }) => ({ name, checksum }));
}

async function applyAll(databaseUrl: string, migrations: Migration[]): Promise<string[]> {
  const client = new Client({ connectionString: databaseUrl, application_name: 'trawl migrate' });
  // A connection that breaks between two statements fails the next of them, and not the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [PRISMA_LOCK]);
    await client.query(`
      create table if not exists _prisma_migrations (
        id varchar(36) primary key, checksum varchar(64) not null, finished_at timestamptz,
        migration_name varchar(255) not null, logs text, rolled_back_at timestamptz,
        started_at timestamptz not null default now(), applied_steps_count integer not null default 0)`);
    const pending = compare(migrations, await readApplied(client));
    for (const migration of pending) await apply(client, migration);
    return pending.map((migration) => migration.name);
  } finally {
    // Ending the session frees the lock.
    await client.end();
  }
}

/** Throws `MigrationError` unless exactly this build's migrations are applied. */
export async function requireCurrent(on: Queryable, folder = FOLDER): Promise<void> {
  const applied = (await hasMigrations(on)) ? await readApplied(on) : [];
  const missing = compare(await readMigrations(folder), applied).map((migration) => migration.name);
  if (missing.length > 0) {
    throw new MigrationError(`the database lacks migrations ${missing.join(', ')}: apply them with \`${COMMAND}\``);
  }
}

async function hasMigrations(on: Queryable): Promise<boolean> {
  const table = await on.query<{ exists: boolean }>("select to_regclass('_prisma_migrations') is not null as exists");
  return table.rows[0]?.exists === true;
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(path.join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function readApplied(on: Queryable): Promise<Applied[]> {
  const result = await on.query<Applied>(`
    select migration_name as name, checksum, finished_at is not null as finished
    from _prisma_migrations where rolled_back_at is null order by migration_name`);
  return result.rows;
}

/** What is still to apply; throws where the two do not fit together. */
function compare(migrations: Migration[], applied: Applied[]): Migration[] {
  for (const { name, checksum, finished } of applied) {
    const known = migrations.find((migration) => migration.name === name);
    if (known === undefined) {
      throw new MigrationError(`the database has migration ${name}, which this build does not know: use a newer trawl`);
    }
    if (!finished) throw new MigrationError(`migration ${name} was begun and never finished: restore the database`);
    if (known.checksum !== checksum) {
      throw new MigrationError(
        `migration ${name} was changed after it was applied (sha256 ${checksum} there, ${known.checksum} here): ` +
          'put its file back and write another migration',
      );
    }
  }
  const done = new Set(applied.map((migration) => migration.name));
  return migrations.filter((migration) => !done.has(migration.name));
}

async function apply(client: Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(sql);
    await client.query(
      `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    const why = error instanceof Error ? error.message : String(error);
    throw new MigrationError(`migration ${name} failed and left nothing behind: ${why}`, { cause: error });
  }
}
