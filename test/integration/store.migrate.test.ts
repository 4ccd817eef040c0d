import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { migrate as migrateFrom } from '@trawl/store/migrate';
import { migrate, openStore } from '@trawl/store';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await freshDatabase({ empty: true });
  folder = await mkdtemp(path.join(tmpdir(), 'trawl-migrations-'));
  await cp(new URL('../../prisma/migrations', import.meta.url), folder, { recursive: true });
});

afterEach(async () => {
  await rm(folder, { recursive: true });
  await database.drop();
});

async function add(name: string, sql: string): Promise<void> {
  await mkdir(path.join(folder, name), { recursive: true });
  await writeFile(path.join(folder, name, 'migration.sql'), sql);
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: database.databaseUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

test('applies everything once', async () => {
  expect(await migrate(database.databaseUrl)).toContain('0001_init');
  expect(await migrate(database.databaseUrl)).toEqual([]);
  const store = await openStore(database);
  await store.close();
});

test('of several at once one does the work', async () => {
  const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(database.databaseUrl)));
  expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
});

test('writes rows that prisma migrate understands', async () => {
  await migrate(database.databaseUrl);
  const [row] = await query('select * from _prisma_migrations');
  expect(row).toMatchObject({ migration_name: '0001_init', rolled_back_at: null, applied_steps_count: 1 });
  expect(row?.['checksum']).toMatch(/^[0-9a-f]{64}$/);
  expect(row?.['finished_at']).toBeInstanceOf(Date);
});

test('applies a later migration to a database in use', async () => {
  await migrateFrom(database.databaseUrl, folder);
  await add('0002_more', 'alter table sweep add column note text');
  expect(await migrateFrom(database.databaseUrl, folder)).toEqual(['0002_more']);
});

test('refuses a migration that was changed after it was applied', async () => {
  await migrateFrom(database.databaseUrl, folder);
  await add('0001_init', 'select 1');
  await expect(migrateFrom(database.databaseUrl, folder)).rejects.toThrow(
    /migration 0001_init was changed after it was applied.*put its file back/,
  );
});

test('a migration that fails leaves nothing behind and says why', async () => {
  await migrateFrom(database.databaseUrl, folder);
  await add('0002_broken', 'create table half (id int); select 1 / 0;');
  await expect(migrateFrom(database.databaseUrl, folder)).rejects.toThrow(
    /migration 0002_broken failed and left nothing behind: division by zero/,
  );
  expect(await query("select to_regclass('half') as half")).toEqual([{ half: null }]);
  await add('0002_broken', 'create table half (id int)');
  expect(await migrateFrom(database.databaseUrl, folder)).toEqual(['0002_broken']);
});

test('a store does not open on an empty database, and says the remedy', async () => {
  await expect(openStore(database)).rejects.toThrow(/lacks migrations 0001_init.*migrate\.mjs/);
});

test('nor on the database of a newer build', async () => {
  await add('9999_future', 'select 1');
  await migrateFrom(database.databaseUrl, folder);
  await expect(openStore(database)).rejects.toThrow(/migration 9999_future, which this build does not know/);
});
