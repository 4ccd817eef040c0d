import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@trawl/client';
import type { EventView } from '@trawl/spec';
import { openStore, type Store } from '@trawl/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApiProcess } from '../support/apiProcess.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { freePort } from '../support/ports.js';
import { addSweep, addWorker, betas, runsOf } from '../support/sweeps.js';

let database: TestDatabase;
let store: Store;
let folder: string;
beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore(database);
  folder = await mkdtemp(join(tmpdir(), 'trawl-events-'));
});
afterAll(async () => {
  await store.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function collect(events: AsyncIterable<EventView>, into: EventView[]): Promise<void> {
  for await (const event of events) into.push(event);
}

it('follows events over restarts and crashes of the api: none is skipped, none comes twice', async () => {
  const port = String(await freePort());
  const start = () => startApiProcess(folder, { DATABASE_URL: database.databaseUrl, TRAWL_PORT: port });
  let api = await start();
  const client = createClient({ baseUrl: api.url, retry: { firstMs: 50, longestMs: 200 } });
  const worker = await addWorker(store);
  const ids = [await addSweep(store, { cells: betas(60) }), await addSweep(store, { cells: betas(60) })];
  const [mine = ''] = ids;
  const already = await store.events.last(null);

  const stop = new AbortController();
  const lost: unknown[] = [];
  const followed: EventView[] = [];
  const all: EventView[] = [];
  const following = [
    collect(client.sweeps.events(mine, { signal: stop.signal, onReconnect: (error) => lost.push(error) }), followed),
    collect(client.events({ after: already, signal: stop.signal }), all),
  ];

  // Claims go on all the time, whether somebody listens or not.
  const busy = (async () => {
    for (const id of ids) {
      for (const run of await runsOf(store, id)) {
        const claimed = await store.runs.claim(run, 0, worker);
        await store.runs.succeed(run, claimed!.fence, {});
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  })();
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM'] as const) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await api.stop(signal);
    api = await start();
  }
  await busy;
  for (const id of ids) await store.sweeps.cancel(id);

  const [last, lastOfAll] = [await store.events.last(mine), await store.events.last(null)];
  await expect.poll(() => [followed.at(-1)?.id, all.at(-1)?.id], { timeout: 30_000 }).toEqual([last, lastOfAll]);
  stop.abort();
  await Promise.all(following);
  await api.stop('SIGTERM');

  expect(lost.length).toBeGreaterThanOrEqual(3);
  expect(followed.map(({ id }) => id)).toEqual(Array.from({ length: last }, (_, at) => at + 1));
  const stored = await store.events.since(null, already, 10_000);
  expect(all.map(({ id, type, data }) => [id, type, data.sweepId])).toEqual(
    stored.map(({ id, type, sweepId }) => [id, type, sweepId]),
  );
});
