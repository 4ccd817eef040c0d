import { readFile } from 'node:fs/promises';
import { FAILURE_CLASSES, RUN_STATES, STAGE_STATES, SWEEP_STATES, ArtifactView } from '@trawl/spec';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { shapeOfDatabase, shapeOfSchema } from '../support/prismaSchema.js';

const schema = shapeOfSchema(await readFile(new URL('../../prisma/schema.prisma', import.meta.url), 'utf8'));

let database: TestDatabase;

beforeAll(async () => {
  database = await freshDatabase();
});

afterAll(() => database.drop());

test('the migrated database is what schema.prisma says', async () => {
  const client = new Client({ connectionString: database.databaseUrl });
  await client.connect();
  const shape = await shapeOfDatabase(async (sql) => (await client.query<Record<string, string>>(sql)).rows);
  await client.end();
  expect(Object.keys(schema.tables)).toHaveLength(20);
  expect(shape).toEqual(schema);
});

test('its enums are the vocabulary', () => {
  expect(schema.enums).toMatchObject({
    run_state: RUN_STATES,
    stage_state: STAGE_STATES,
    sweep_state: SWEEP_STATES,
    failure_class: FAILURE_CLASSES,
    artifact_kind: ArtifactView.shape.kind.options,
  });
});
