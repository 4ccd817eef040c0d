import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '../bench/database.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await freshDatabase();
});

afterAll(() => database.drop());

it('outlives its server: whoever asks next learns of it', async () => {
  const open = await openDatabase(database.databaseUrl);
  const server = new Client({ connectionString: database.databaseUrl });
  await server.connect();
  await server.query(
    'select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await server.end();
  await expect(open.rows('select 1')).rejects.toThrow(/not queryable/);
  await open.close();
});
