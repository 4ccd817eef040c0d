import { readFileSync } from 'node:fs';
import { openStore, type Store } from '@trawl/store';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { addSweep } from '../support/sweeps.js';

/* The query by which KEDA scales workers, on a database as it is. */

const file = new URL('../../deploy/kubernetes/keda/scaling.yaml', import.meta.url);
const query = parseAllDocuments(readFileSync(file, 'utf8'))
  .map((document) => document.getIn(['spec', 'triggers', 0, 'metadata', 'query']))
  .find((found) => typeof found === 'string');

let database: TestDatabase;
let store: Store;
let client: Client;
beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ databaseUrl: database.databaseUrl });
  client = new Client({ connectionString: database.databaseUrl });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await store.close();
  await database.drop();
});

const count = async () => Number((await client.query<{ count: string }>(query ?? '')).rows[0]?.count);

test('counts the runs that workers could train, and none of a sweep that is paused', async () => {
  expect(await count()).toBe(0);
  const id = await addSweep(store);
  const waiting = await count();
  expect(waiting).toBeGreaterThan(0);
  await store.sweeps.pause(id);
  expect(await count()).toBe(0);
  await store.sweeps.resume(id);
  expect(await count()).toBe(waiting);
});
