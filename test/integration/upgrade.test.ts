import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@trawl/client';
import { startEmbeddedPostgres } from '@trawl/store';
import { appliedMigrations, migrateAs } from '@trawl/store/migrate';
import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/processes.js';
import { trawl, trawlUp } from '../support/trawl.js';

/* Data directories as users have them are opened by this build. */

const fixtures = fileURLToPath(new URL('../fixtures/0001/', import.meta.url));
const migrations = fileURLToPath(new URL('../../prisma/migrations/', import.meta.url));

let folder: string;
let dataDir: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trawl-upgrade-'));
  await chmod(folder, 0o755);
  dataDir = join(folder, 'data');
  await mkdir(dataDir);
  await withDatabase(async (client, databaseUrl) => {
    const sql = await readFile(join(migrations, '0001_init/migration.sql'));
    const checksum = createHash('sha256').update(sql).digest('hex');
    await migrateAs(databaseUrl, [{ name: '0001_init', checksum }]);
    await client.query("set session_replication_role = 'replica'");
    await client.query(await readFile(join(fixtures, 'database.sql'), 'utf8'));
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function withDatabase(work: (client: Client, databaseUrl: string) => Promise<void>): Promise<void> {
  const postgres = await startEmbeddedPostgres({ dataDir });
  const client = new Client({ connectionString: postgres.databaseUrl });
  await client.connect();
  try {
    await work(client, postgres.databaseUrl);
  } finally {
    await client.end();
    await postgres.stop();
  }
}

test('a data directory of migration 0001 is migrated by trawl up, and reads the same', async () => {
  const up = await trawlUp(dataDir);
  try {
    const answers: Record<string, object> = JSON.parse(await readFile(join(fixtures, 'answers.json'), 'utf8'));
    for (const [path, before] of Object.entries(answers)) {
      const now: unknown = await (await fetch(`${up.apiUrl}${path}`)).json();
      expect({ path, now }).toMatchObject({ path, now: before });
    }
    // It goes on where it waited.
    const client = createClient({ baseUrl: up.apiUrl });
    for await (const { id, name } of client.sweeps.list()) {
      if (name !== 'waiting') continue;
      const sweep = await client.sweeps.approve(id, 'alpha', { who: 'ada' });
      expect(sweep.stages[0]).toMatchObject({ state: 'done', selected: { decidedBy: 'ada' } });
      // What comes next would be trained by another version of the model: it ends with that reason.
      const failed = await until('an end', async () => {
        const now = await client.sweeps.get(id);
        return now.state === 'failed' ? now : null;
      });
      expect(failed.stages.map(({ state, reason }) => ({ state, reason }))).toMatchObject([
        { state: 'done' },
        {
          state: 'failed',
          reason: expect.stringMatching(
            /^stage beta is of model ps-vae version 1, and this trawl has version \d+: .*Submit the sweep anew/,
          ),
        },
        { state: 'pending' },
      ]);
      await expect(client.sweeps.refit(id, { top: 1, seeds: 1 })).rejects.toThrow(/model ps-vae version 1, and this/);
    }
  } finally {
    await up.stop();
  }
  await withDatabase(async (client) => {
    const names = (await readdir(migrations, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    expect((await appliedMigrations(client)).map(({ name }) => name)).toEqual(names.map(({ name }) => name).sort());
  });
});

test('one of a newer trawl is refused, and left as it is', async () => {
  const future = `insert into _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
                  values ('x', 'x', '9999_future', now(), 1)`;
  await withDatabase(async (client) => void (await client.query(future)));
  const up = trawl(['up'], { TRAWL_DATA_DIR: dataDir, TRAWL_PORT: '0' });
  expect(await up.exited).toBe(1);
  expect(up.stderr()).toMatch(
    /^trawl: the database has migration 9999_future, which this build does not know: use a newer trawl$/m,
  );
  expect(up.stderr()).not.toMatch(/^ {4}at /m);
  await withDatabase(async (client) => {
    const { rows } = await client.query('select count(*)::int as n from sweep');
    expect(rows).toEqual([{ n: 2 }]);
  });
});
