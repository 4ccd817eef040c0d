import { spawnSync } from 'node:child_process';
import { appendFile, copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import {
  backup,
  LocalArtifacts,
  type NewArtifact,
  openStore,
  restore,
  startEmbeddedPostgres,
  type Store,
} from '@trawl/store';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { addSweep, addWorker, betas, facts, runsOf } from '../support/sweeps.js';

let database: TestDatabase;
let store: Store;
let folder: string;
let files: LocalArtifacts;
let sweep: string;
let running: string;
let archive: string;

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore(database);
  folder = await mkdtemp(path.join(tmpdir(), 'trawl-backup-'));
  files = new LocalArtifacts(path.join(folder, 'artifacts'));
  archive = path.join(folder, 'whole.tar');
  sweep = await addSweep(store, { name: 'tab\tnewline\n\\N', cells: betas(20) });
  const worker = await addWorker(store);
  const runs = await runsOf(store, sweep);
  for (const run of runs.slice(0, 18)) {
    await store.runs.claim(run, 0, worker);
    await store.metrics.ingest(run, 1, [{ epoch: 1, step: 1, split: 'val', name: 'loss', value: Number.NaN }]);
    await upload(run, `weights of ${run}`);
    await store.runs.succeed(run, 1, { 'val.loss': 0.1 + 0.2, 'val.r2': Number.NEGATIVE_INFINITY });
  }
  running = runs[18]!;
  await store.runs.claim(running, 0, worker);
  await upload(running, '');
  for (const name of ['ada', 'worker of a stack']) {
    await store.keys.create({ name, scope: 'submit', project: null, expiresAt: null });
  }
  const data = await files.put(chunks('pixels'));
  await store.datasets.upload({ ...facts, kind: 'hdf5', hash: data.sha256, size: data.size }, 'mouse');
  await backup({ databaseUrl: database.databaseUrl, files, path: archive });
});

afterAll(async () => {
  await store.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function upload(run: string, text: string): Promise<string> {
  const { sha256, size } = await files.put(chunks(text));
  const artifact: NewArtifact = { name: 'w', kind: 'weights', mediaType: 'text/plain', sha256, size };
  expect(await store.artifacts.record(run, 1, artifact)).not.toBeNull();
  return sha256;
}

async function query(sql: string, values: unknown[]): Promise<void> {
  const client = new Client({ connectionString: database.databaseUrl });
  await client.connect();
  await client.query(sql, values);
  await client.end();
}

/** Every row of every table of trawl, as text. */
async function rowsOf(databaseUrl: string): Promise<Record<string, string[]>> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
       and relname <> '_prisma_migrations' order by 1`,
    );
    const all: Record<string, string[]> = {};
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from "${name}" t order by 1`);
      all[name] = rows.map(({ row }) => row);
    }
    return all;
  } finally {
    await client.end();
  }
}

async function opened<T>(dataDir: string, work: (databaseUrl: string) => Promise<T>): Promise<T> {
  const postgres = await startEmbeddedPostgres({ dataDir });
  try {
    return await work(postgres.databaseUrl);
  } finally {
    await postgres.stop();
  }
}

test('what is restored is what was backed up, but that running runs are queued', async () => {
  const dataDir = path.join(folder, 'restored');
  const said: string[] = [];
  const report = await restore({
    path: archive,
    dataDir,
    ownKeys: /^worker of/,
    onProgress: ({ what }) => said.push(what),
  });
  expect(report).toMatchObject({ files: 20, missing: [] });
  expect(new Set(said)).toContain('table metric_point');
  expect(said).toContain('files');

  const before = await rowsOf(database.databaseUrl);
  await opened(dataDir, async (databaseUrl) => {
    const after = await rowsOf(databaseUrl);
    const changed = Object.keys(before).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
    // The run that ran, its attempt, its sweep's count of events, and the event that says so; the key of a process.
    expect(changed.sort()).toEqual(['api_key', 'attempt', 'event', 'run', 'sweep']);
    const there = await openStore({ databaseUrl });
    expect((await there.keys.list(null)).map(({ name }) => name)).toEqual(['ada']);
    const run = await there.runs.detail(running);
    expect(run).toMatchObject({ state: 'queued', failures: 0 });
    expect(run).toMatchObject({ fence: (await store.runs.detail(running))!.fence + 1 });
    // Ids of events and names of metrics go on after those that there are.
    await there.runs.cancel(running);
    await addSweep(there, { name: 'new' });
    await there.close();
  });

  const restored = new LocalArtifacts(path.join(dataDir, 'artifacts'));
  for await (const { sha256 } of files.list()) {
    const [mine, theirs] = await Promise.all([files.open(sha256), restored.open(sha256)]);
    expect((await buffer(theirs!.stream)).equals(await buffer(mine!.stream))).toBe(true);
  }
});

test('a folder with anything in it is refused, and left as it is', async () => {
  const dataDir = path.join(folder, 'taken');
  await mkdir(dataDir);
  await writeFile(path.join(dataDir, 'note'), 'mine');
  await expect(restore({ path: archive, dataDir })).rejects.toThrow(/taken is not empty/);
  expect(await readdir(dataDir)).toEqual(['note']);
  await expect(backup({ databaseUrl: database.databaseUrl, files, path: archive })).rejects.toThrow(/exists already/);
});

test.each([
  ['is no backup', async (file: string) => writeFile(file, 'x'.repeat(2_000)), /no backup of trawl/],
  [
    'was cut off',
    async (file: string) => {
      const handle = await open(file, 'r+');
      await handle.truncate((await stat(file)).size - 3_000);
      await handle.close();
    },
    /ends in the middle/,
  ],
  [
    'lacks its last part',
    async (file: string) => {
      const bytes = await readFile(file);
      const handle = await open(file, 'r+');
      await handle.truncate(bytes.lastIndexOf('checksums.json'));
      await handle.close();
      await appendFile(file, Buffer.alloc(1_024));
    },
    /was cut off: its checksums\.json is missing/,
  ],
  [
    'holds a damaged table',
    async (file: string) => {
      const bytes = await readFile(file);
      bytes.write('zzz', bytes.indexOf('tables/sweep.copy') + 512 + 60);
      await writeFile(file, bytes);
    },
    /damaged: table sweep|invalid input/,
  ],
  [
    'holds a damaged file',
    async (file: string) => {
      const bytes = await readFile(file);
      bytes.write('WEIGHTS', bytes.indexOf('weights of '));
      await writeFile(file, bytes);
    },
    /content has sha256 .*, expected/,
  ],
  [
    'is of a newer trawl',
    async (file: string) => {
      const bytes = await readFile(file);
      bytes.write('9', bytes.indexOf('"0001_init"') + 1);
      await writeFile(file, bytes);
    },
    /migration 9001_init, which this build does not know: use a newer trawl/,
  ],
])('one that %s is refused, and leaves nothing', async (_, damage, said) => {
  const file = path.join(folder, 'damaged.tar');
  await copyFile(archive, file);
  await damage(file);
  const dataDir = path.join(folder, 'never');
  await expect(restore({ path: file, dataDir })).rejects.toThrow(said);
  await expect(stat(dataDir)).rejects.toThrow(/ENOENT/);
  expect((await readdir(folder)).filter((name) => name.startsWith('.trawl-restore'))).toEqual([]);
});

test('an interrupted one leaves nothing', async () => {
  const file = path.join(folder, 'interrupted.tar');
  const stop = new AbortController();
  const stopAt = ({ what }: { what: string }): void => {
    if (what === 'table run') stop.abort();
  };
  const options = { databaseUrl: database.databaseUrl, files, path: file, onProgress: stopAt, signal: stop.signal };
  await expect(backup(options)).rejects.toThrow(/abort/i);
  expect((await readdir(folder)).filter((name) => name.startsWith('interrupted'))).toEqual([]);
});

test('what one that was killed has left is removed by the next in the folder, and nothing else', async () => {
  const place = path.join(folder, 'leftovers');
  const gone = spawnSync('true').pid;
  const dead = [`a.tar.trawl-backup-${hostname()}-${gone}`, `a.tar.trawl-backup-${hostname()}-${gone}.table`];
  const half = `.trawl-restore-${hostname()}-${gone}`;
  const others = [
    `a.tar.trawl-backup-${hostname()}-${process.ppid}`,
    `a.tar.trawl-backup-elsewhere-${gone}`,
    'a.tar.partial',
  ];
  const leave = async (): Promise<void> => {
    await mkdir(path.join(place, half, 'cluster'), { recursive: true });
    for (const name of [...dead, ...others]) await writeFile(path.join(place, name), 'half');
  };
  const removed: string[] = [];
  const onRemoved = (at: string): void => void removed.push(path.relative(place, at));
  await leave();
  await backup({ databaseUrl: database.databaseUrl, files, path: path.join(place, 'b.tar'), onRemoved });
  await leave();
  const never = { path: path.join(place, 'a.tar.partial'), dataDir: path.join(place, 'new'), onRemoved };
  await expect(restore(never)).rejects.toThrow(/ends in the middle/);
  expect(removed.toSorted()).toEqual([...dead, ...dead, half, half].toSorted());
  expect((await readdir(place)).toSorted()).toEqual([...others, 'b.tar'].toSorted());
});

test('files that go while it is made are in it', async () => {
  const file = path.join(folder, 'busy.tar');
  const shas = [];
  for await (const { sha256 } of files.list()) shas.push(sha256);
  const last = shas.sort().at(-1)!;
  let freed: Promise<number> | undefined;
  const dropLast = async (): Promise<number> => {
    await query('delete from artifact where sha256 = $1', [last]);
    return store.artifacts.discard(files, [last]);
  };
  const options = { databaseUrl: database.databaseUrl, files, path: file };
  const onProgress = ({ what }: { what: string }): void => {
    if (what === 'table artifact') freed ??= dropLast();
  };
  expect(await backup({ ...options, onProgress })).toMatchObject({ files: 20, missing: [] });
  expect(await freed).toBe(0);
  expect(await store.artifacts.discard(files, [last])).toBe(1);

  // A file that the database names and that is gone is said, and stops nothing.
  await files.delete(shas[0]!);
  await rm(file);
  expect(await backup(options)).toMatchObject({ files: 18, missing: [shas[0]] });
  // One that is damaged on the disk stops it.
  const place = path.join(folder, 'artifacts', shas[1]!.slice(0, 2), shas[1]!);
  await writeFile(place, 'x'.repeat((await stat(place)).size));
  await rm(file);
  await expect(backup(options)).rejects.toThrow(/damaged on the disk/);
});
