import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { GcReport } from '@trawl/spec';
import { LocalArtifacts, type NewArtifact, openStore, type Store } from '@trawl/store';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { addSweep, addWorker, betas, runsOf } from '../support/sweeps.js';

const GRACE = 3_600;

let database: TestDatabase;
let store: Store;
let worker: string;
let folder: string;
let files: LocalArtifacts;
let admin: Client;

beforeEach(async () => {
  database = await freshDatabase();
  store = await openStore(database);
  worker = await addWorker(store);
  folder = await mkdtemp(path.join(tmpdir(), 'trawl-gc-'));
  files = new LocalArtifacts(folder);
  admin = new Client({ connectionString: database.databaseUrl });
  await admin.connect();
});

afterEach(async () => {
  await admin.end();
  await rm(folder, { recursive: true });
  await store.close();
  await database.drop();
});

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
const put = (text: string) => files.put(chunks(text));
const there = async (sha256: string): Promise<boolean> => (await files.size(sha256)) !== null;

async function upload(run: string, text: string, kind: NewArtifact['kind'], fence = 1): Promise<string> {
  const { sha256, size } = await put(text);
  const artifact = { name: text, kind, mediaType: 'application/octet-stream', sha256, size, step: 1 };
  expect(await store.artifacts.record(run, fence, artifact)).not.toBeNull();
  return sha256;
}

/** A sweep of `n` runs, all claimed. */
async function running(n: number, name = 'sweep'): Promise<{ id: string; runs: string[] }> {
  const id = await addSweep(store, { name, cells: betas(n) });
  const runs = await runsOf(store, id);
  for (const run of runs) await store.runs.claim(run, 0, worker);
  return { id, runs };
}

/** As if all that is there had been there for a day. */
async function age(): Promise<void> {
  const yesterday = new Date(Date.now() - 86_400_000);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await utimes(path.join(entry.parentPath, entry.name), yesterday, yesterday);
  }
  await admin.query(`update artifact set created_at = now() - interval '1 day'`);
}

const gc = async (how: { dryRun?: boolean; graceSeconds?: number } = {}): Promise<GcReport> => {
  const report = await store.artifacts.gc(files, { graceSeconds: GRACE, dryRun: false, ...how });
  if (report === null) throw new Error('a backup is in the way');
  return report;
};

test('checkpoints stay while their run may resume, and go when it has succeeded or its sweep is finished', async () => {
  const { id, runs } = await running(3);
  const [done, broken, going] = runs;
  const weights = await upload(done!, 'weights', 'weights');
  const checkpoints = [];
  for (const run of runs) checkpoints.push(await upload(run, `checkpoint of ${run}`, 'checkpoint'));
  await store.runs.succeed(done!, 1, {});
  await store.runs.fail(broken!, 1, 'diverged', 'NaN');
  await age();

  const preview = await gc({ dryRun: true });
  expect(preview).toMatchObject({ dryRun: true, files: 1, groups: [{ kind: 'checkpoint', sweepId: id, files: 1 }] });
  expect(await gc()).toEqual({ ...preview, dryRun: false });
  expect(await Promise.all(checkpoints.map(there))).toEqual([false, true, true]);

  await store.sweeps.cancel(id);
  await gc();
  expect(await Promise.all(checkpoints.map(there))).toEqual([false, false, false]);
  expect(await store.artifacts.of(going!)).toEqual([]);
  expect((await store.artifacts.of(done!)).map(({ kind }) => kind)).toEqual(['weights']);
  expect(await there(weights)).toBe(true);
  expect((await store.sweeps.detail(id))?.disk).toEqual({ files: 1, bytes: 'weights'.length });
});

test('what is said is what is done, by kind and sweep; the young wait', async () => {
  const [one, two] = [await running(2, 'one'), await running(1, 'two')];
  // Two runs of a sweep that end in the same state have one file, and a run that goes on may share it.
  for (const run of [...one.runs, ...two.runs]) await upload(run, 'shared', 'checkpoint');
  for (const run of one.runs) await upload(run, `of ${run}`, 'checkpoint');
  for (const run of one.runs) await store.runs.succeed(run, 1, {});
  const orphan = await put('an orphan');
  await mkdir(path.join(folder, 'incoming'), { recursive: true });
  await writeFile(path.join(folder, 'incoming/cut-off'), 'part');
  await age();
  const fresh = await put('fresh orphan');

  const preview = await gc({ dryRun: true });
  expect(preview.groups).toEqual([
    { kind: 'checkpoint', sweepId: one.id, sweepName: 'one', files: 2, bytes: 2 * 39 },
    { kind: 'unreferenced', sweepId: null, sweepName: null, files: 1, bytes: 9 },
    { kind: 'unfinished', sweepId: null, sweepName: null, files: 1, bytes: 4 },
  ]);
  expect(preview.waiting).toEqual({ files: 1, bytes: 12, graceSeconds: GRACE });
  expect(await there(orphan.sha256)).toBe(true);
  expect(await gc()).toEqual({ ...preview, dryRun: false });
  expect(await there(orphan.sha256)).toBe(false);
  expect(await there(fresh.sha256)).toBe(true);
  expect(await readdir(path.join(folder, 'incoming'))).toEqual([]);
  expect(await gc()).toMatchObject({ files: 0, groups: [] });
  expect((await store.artifacts.of(two.runs[0]!)).map(({ name }) => name)).toEqual(['shared']);
});

test('one that was stopped in the middle is finished by the next', async () => {
  const { id, runs } = await running(1);
  const sha256 = await upload(runs[0]!, 'checkpoint', 'checkpoint');
  await store.sweeps.cancel(id);
  await age();
  const broken = Object.assign(Object.create(files), { delete: () => Promise.reject(new Error('power cut')) });
  await expect(store.artifacts.gc(broken, { graceSeconds: GRACE, dryRun: false })).rejects.toThrow('power cut');
  expect(await there(sha256)).toBe(true);
  expect((await gc()).groups).toMatchObject([{ kind: 'unreferenced', files: 1 }]);
  expect(await there(sha256)).toBe(false);
});

test('no upload is lost to one that runs all the time', async () => {
  const { id, runs } = await running(4);
  const graced = { graceSeconds: 60, dryRun: false };
  const uploaded = new AbortController();
  const collecting = (async () => {
    let freed = 0;
    while (!uploaded.signal.aborted) freed += (await store.artifacts.gc(files, graced))?.files ?? 0;
    return freed;
  })();
  const kept: string[] = [];
  await Promise.all(
    runs.map(async (run) => {
      for (let n = 0; n < 25; n++) {
        const stale = await put(`stale ${run} ${n}`);
        await utimes(path.join(folder, stale.sha256.slice(0, 2), stale.sha256), new Date(0), new Date(0));
        kept.push(await upload(run, `figure ${n} of ${run}`, 'figure'));
        // Content that has lain there unnamed for long, sent again: it is as good as new.
        kept.push(await upload(run, `stale ${run} ${n}`, 'figure'));
      }
    }),
  );
  uploaded.abort();
  await collecting;
  const sizes = await Promise.all(kept.map((sha256) => there(sha256)));
  expect(sizes.every(Boolean)).toBe(true);
  expect((await store.sweeps.detail(id))?.disk.files).toBe(kept.length);
});

test('deletes nothing while a backup is made', async () => {
  const { sha256 } = await put('orphan');
  await age();
  await admin.query('select pg_advisory_lock(7238004)');
  expect(await store.artifacts.gc(files, { graceSeconds: GRACE, dryRun: false })).toBeNull();
  expect(await store.artifacts.discard(files, [sha256])).toBe(0);
  await admin.query('select pg_advisory_unlock(7238004)');
  expect(await gc()).toMatchObject({ files: 1 });
});
