import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { z } from 'zod';
import { LocalArtifacts } from '../artifacts/local.js';
import { startEmbeddedPostgres } from '../embedded/start.js';
import { migrate, migrateAs } from '../migrate.js';
import { openStore } from '../open.js';
import { copyIn, runningRuns, setSequence } from '../sql/dump.js';
import { rows } from '../statement.js';
import { type ArchiveEntry, BackupError, readArchive } from './archive.js';
import { removeLeftovers, unfinishedPath } from './leftovers.js';
import {
  ARTIFACT,
  type BackupProgress,
  type BackupReport,
  CHECKSUMS,
  Checksums,
  Manifest,
  MANIFEST,
  tableEntry,
} from './manifest.js';

export interface RestoreOptions {
  path: string;
  /** Must not exist, or be empty; it appears when all is in it. */
  dataDir: string;
  /** Names of API keys that processes of then made for themselves: these are not restored. */
  ownKeys?: RegExp | undefined;
  onProgress?: ((progress: BackupProgress) => void) | undefined;
  /** As of a backup. */
  onRemoved?: ((path: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Makes a data directory with an embedded Postgres from a backup: loads the tables under the migrations of then,
 * checks every hash, applies the migrations since, and queues what ran when the backup was made.
 * @throws BackupError, MigrationError where the backup is of a newer trawl, EmbeddedPostgresError
 */
export async function restore(options: RestoreOptions): Promise<BackupReport> {
  const { path, onRemoved = () => {}, signal } = options;
  const dataDir = resolve(options.dataDir);
  await requireEmpty(dataDir);
  await removeLeftovers(dirname(dataDir), onRemoved);
  const making = unfinishedPath('restore', dataDir);
  await mkdir(making, { recursive: true });
  try {
    const manifest = await readManifest(path);
    const postgres = await startEmbeddedPostgres({ dataDir: making });
    let report: BackupReport;
    try {
      await migrateAs(postgres.databaseUrl, manifest.migrations);
      report = await load(options, manifest, postgres.databaseUrl, new LocalArtifacts(join(making, 'artifacts')));
      await migrate(postgres.databaseUrl);
      await settle(postgres.databaseUrl, options.ownKeys);
    } finally {
      await postgres.stop();
    }
    signal?.throwIfAborted();
    await rename(making, dataDir);
    return report;
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

async function requireEmpty(dataDir: string): Promise<void> {
  const there = await readdir(dataDir).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new BackupError(`cannot restore into ${dataDir}: ${String(error)}`, { cause: error });
  });
  if (there.length > 0) throw new BackupError(`${dataDir} is not empty: name a folder that is, or that does not exist`);
}

async function readManifest(path: string): Promise<Manifest> {
  for await (const entry of readArchive(path)) {
    // Awaited here: leaving the loop closes the file.
    if (entry.name === MANIFEST) return await parse(Manifest, entry, path);
    break;
  }
  throw new BackupError(`${path} is no backup of trawl: it does not begin with ${MANIFEST}`);
}

async function load(
  { path, onProgress = () => {}, signal }: RestoreOptions,
  manifest: Manifest,
  databaseUrl: string,
  files: LocalArtifacts,
): Promise<BackupReport> {
  const client = new Client({ connectionString: databaseUrl, application_name: 'trawl restore' });
  client.on('error', () => undefined);
  const tables: Checksums['tables'] = {};
  const artifacts = { files: 0, bytes: 0 };
  let expected: Checksums | undefined;
  await client.connect();
  try {
    await client.query('begin');
    // Foreign keys go round in circles: the snapshot has satisfied them already.
    await client.query("set local session_replication_role = 'replica'");
    for await (const entry of readArchive(path)) {
      signal?.throwIfAborted();
      const table = manifest.tables.find(({ name }) => tableEntry(name) === entry.name);
      const sha256 = ARTIFACT.exec(entry.name)?.[1];
      if (table !== undefined) {
        onProgress({ what: `table ${table.name}`, done: 0, total: 0 });
        tables[table.name] = await loadTable(client, table, entry);
      } else if (sha256 !== undefined) {
        await files.put(entry.content(), sha256);
        artifacts.files += 1;
        artifacts.bytes += entry.size;
        onProgress({ what: 'files', done: artifacts.bytes, total: manifest.artifacts.bytes });
      } else if (entry.name === CHECKSUMS) expected = await parse(Checksums, entry, path);
      else if (entry.name !== MANIFEST) throw new BackupError(`${path} holds ${entry.name}, which is of no backup`);
    }
    if (expected === undefined) throw new BackupError(`${path} was cut off: its ${CHECKSUMS} is missing`);
    compare(path, expected, tables, artifacts);
    for (const { name, value } of manifest.sequences) {
      if (value !== null) await rows(client, setSequence, [name, value]);
    }
    await client.query('commit');
  } finally {
    await client.end();
  }
  const loaded = Object.values(tables);
  const loadedRows = loaded.reduce((sum, table) => sum + table.rows, 0);
  return { tables: loaded.length, rows: loadedRows, ...artifacts, missing: expected.missing };
}

async function loadTable(
  client: Client,
  { name, columns }: Manifest['tables'][number],
  entry: ArchiveEntry,
): Promise<Checksums['tables'][string]> {
  const hash = createHash('sha256');
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk);
      next(null, chunk);
    },
  });
  const copied = client.query(copyFrom(copyIn(name, columns)));
  await pipeline(entry.content(), hashed, copied);
  return { sha256: hash.digest('hex'), rows: copied.rowCount };
}

function compare(
  path: string,
  expected: Checksums,
  tables: Checksums['tables'],
  artifacts: Checksums['artifacts'],
): void {
  for (const [name, { sha256, rows: count }] of Object.entries(expected.tables)) {
    const got = tables[name];
    if (got?.sha256 !== sha256 || got.rows !== count) {
      throw new BackupError(`${path} is damaged: table ${name} is not what was backed up`);
    }
  }
  if (artifacts.files !== expected.artifacts.files) {
    const { files } = expected.artifacts;
    throw new BackupError(`${path} is damaged: it holds ${artifacts.files} files where ${files} were backed up`);
  }
}

/** The processes of then are not here: their runs go on from their checkpoints, which counts as no failure. */
async function settle(databaseUrl: string, ownKeys: RegExp | undefined): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const running = await rows<{ id: string; fence: number }>(client, runningRuns);
  await client.end();
  const store = await openStore({ databaseUrl, poolSize: 1 });
  try {
    for (const { id, fence } of running) await store.runs.release(id, fence, 'drained');
    const keys = ownKeys === undefined ? [] : await store.keys.list(null);
    for (const { name } of keys) if (ownKeys?.test(name)) await store.keys.forget(name);
  } finally {
    await store.close();
  }
}

async function parse<T extends z.ZodType>(schema: T, entry: ArchiveEntry, path: string): Promise<z.output<T>> {
  const parsed = schema.safeParse(await json(entry.content()).catch(() => null));
  if (parsed.success) return parsed.data;
  throw new BackupError(`${path}: ${entry.name} is not readable by this trawl; a newer one may have written it`);
}
