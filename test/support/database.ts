import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { inject } from 'vitest';

export interface TestDatabase {
  databaseUrl: string;
  /** Throws, after dropping it, when a connection was left open. */
  drop(): Promise<void>;
}

/** How long a connection that was closed on this side may take to end on the other. */
const GRACE_MS = 2_000;

/** A migrated database of one's own: one a test file. `empty` has no tables at all. */
export async function freshDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const template = options.empty === true ? 'template0' : 'trawl_template';
  await asAdmin((admin) => admin.query(`create database ${name} template ${template}`));
  return {
    databaseUrl: inject('databaseUrl').replace(/\/trawl$/, `/${name}`),
    drop: () =>
      asAdmin(async (admin) => {
        const left = await openConnections(admin, name);
        await admin.query(`drop database ${name} with (force)`);
        if (left.length > 0) throw new Error(`connections left open: ${left.join('; ')}`);
      }),
  };
}

async function openConnections(admin: Client, name: string): Promise<string[]> {
  const deadline = Date.now() + GRACE_MS;
  for (;;) {
    const open = await admin.query<{ what: string }>(
      "select application_name || ': ' || left(query, 80) as what from pg_stat_activity where datname = $1",
      [name],
    );
    if (open.rows.length === 0 || Date.now() > deadline) return open.rows.map((each) => each.what);
    await sleep(25);
  }
}

async function asAdmin<T>(work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: inject('databaseUrl') });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
