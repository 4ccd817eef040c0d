import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { ArtifactFiles } from '../artifacts/files.js';
import { appliedMigrations, requireCurrent } from '../migrate.js';
import { lockForBackup } from '../sql/backupLock.js';
import { copyOut, ownSequences, ownTables, referencedFiles } from '../sql/dump.js';
import { row, rows } from '../statement.js';
import { type ArchiveWriter, BackupError, writeArchive } from './archive.js';
import { removeLeftovers, unfinishedPath } from './leftovers.js';
import {
  type BackupProgress,
  type BackupReport,
  type Checksums,
  CHECKSUMS,
  FORMAT,
  type Manifest,
  MANIFEST,
  tableEntry,
} from './manifest.js';

export interface BackupOptions {
  databaseUrl: string;
  files: ArtifactFiles;
  /** Must not exist; it appears when all is in it. */
  path: string;
  onProgress?: ((progress: BackupProgress) => void) | undefined;
  /** Told of each file that a backup or restore which was killed had left in the folder, and that is removed now. */
  onRemoved?: ((path: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Writes the database and the files that it names into one archive, all as of one moment, while the services run.
 * The tables are read in one snapshot, and until the end no file is deleted that the snapshot may name.
 * @throws BackupError, MigrationError where the database is not at the migrations of this build
 */
export async function backup(options: BackupOptions): Promise<BackupReport> {
  const { databaseUrl, files, onProgress = () => {}, onRemoved = () => {}, signal } = options;
  const path = resolve(options.path);
  if ((await stat(path).catch(() => null)) !== null) throw new BackupError(`${path} exists already: name another file`);
  await removeLeftovers(dirname(path), onRemoved);
  const partial = unfinishedPath('backup', path);
  const file = await open(partial, 'w', 0o600).catch((error: unknown) => {
    throw new BackupError(`cannot write to ${dirname(path)}: ${String(error)}`, { cause: error });
  });
  const client = new Client({ connectionString: databaseUrl, keepAlive: true, application_name: 'trawl backup' });
  // With the connection goes the lock that keeps the files.
  const lost = new AbortController();
  client.on('error', (error) => lost.abort(new BackupError(`the database is gone: ${error.message}`)));
  const stopping = AbortSignal.any(signal === undefined ? [lost.signal] : [lost.signal, signal]);
  try {
    await client.connect();
    const archive = writeArchive(file);
    await rows(client, lockForBackup);
    await client.query('begin isolation level repeatable read, read only');
    await requireCurrent(client);
    const named = await rows<{ sha256: string }>(client, referencedFiles);
    const { found, missing } = await look(named, files);
    const manifest = await describe(client, found);
    await addJson(archive, MANIFEST, manifest);
    const tables = await addTables(archive, client, manifest, `${partial}.table`, onProgress, stopping);
    await client.query('commit');
    await addFiles(archive, found, files, onProgress, stopping);
    await addJson(archive, CHECKSUMS, { tables, artifacts: manifest.artifacts, missing } satisfies Checksums);
    await archive.finish();
    stopping.throwIfAborted();
    await file.close();
    await rename(partial, path);
    const counted = Object.values(tables);
    const countedRows = counted.reduce((sum, table) => sum + table.rows, 0);
    return { tables: counted.length, rows: countedRows, ...manifest.artifacts, missing };
  } finally {
    await client.end().catch(() => undefined);
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
  }
}

interface FoundFile {
  sha256: string;
  size: number;
}

async function look(
  named: { sha256: string }[],
  files: ArtifactFiles,
): Promise<{ found: FoundFile[]; missing: string[] }> {
  const found: FoundFile[] = [];
  const missing: string[] = [];
  for (const { sha256 } of named) {
    const size = await files.size(sha256);
    if (size === null) missing.push(sha256);
    else found.push({ sha256, size });
  }
  return { found, missing };
}

async function describe(client: Client, found: FoundFile[]): Promise<Manifest> {
  const migrations = await appliedMigrations(client);
  const at = await row<{ at: Date }>(client, { text: 'select now() as at' });
  return {
    format: FORMAT,
    createdAt: (at?.at ?? new Date()).toISOString(),
    migrations,
    tables: await rows<Manifest['tables'][number]>(client, ownTables),
    sequences: await rows<Manifest['sequences'][number]>(client, ownSequences),
    artifacts: { files: found.length, bytes: found.reduce((sum, { size }) => sum + size, 0) },
  };
}

/** A tar entry begins with its size: each table goes to a file of its own first. */
async function addTables(
  archive: ArchiveWriter,
  client: Client,
  { tables }: Manifest,
  spool: string,
  onProgress: (progress: BackupProgress) => void,
  signal: AbortSignal,
): Promise<Checksums['tables']> {
  const done: Checksums['tables'] = {};
  try {
    for (const { name, columns } of tables) {
      onProgress({ what: `table ${name}`, done: 0, total: 0 });
      const hash = createHash('sha256');
      const hashed = new Transform({
        transform(chunk: Buffer, _encoding, next) {
          hash.update(chunk);
          next(null, chunk);
        },
      });
      const copied = client.query(copyTo(copyOut(name, columns)));
      await pipeline(copied, hashed, createWriteStream(spool, { mode: 0o600 }), { signal });
      await archive.add(tableEntry(name), (await stat(spool)).size, createReadStream(spool));
      done[name] = { sha256: hash.digest('hex'), rows: copied.rowCount };
    }
  } finally {
    await rm(spool, { force: true });
  }
  return done;
}

async function addFiles(
  archive: ArchiveWriter,
  found: FoundFile[],
  files: ArtifactFiles,
  onProgress: (progress: BackupProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const total = found.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  onProgress({ what: 'files', done, total });
  for (const { sha256, size } of found) {
    signal.throwIfAborted();
    const file = await files.open(sha256);
    if (file === null) throw new BackupError(`file ${sha256} went away while the backup was made`);
    await archive.add(`artifacts/${sha256}`, size, verified(file.stream, sha256));
    done += size;
    onProgress({ what: 'files', done, total });
  }
}

async function* verified(content: AsyncIterable<Uint8Array>, sha256: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of content) {
    hash.update(chunk);
    yield chunk;
  }
  const found = hash.digest('hex');
  if (found !== sha256) throw new BackupError(`file ${sha256} is damaged on the disk: its content has sha256 ${found}`);
}

async function addJson(archive: ArchiveWriter, name: string, value: unknown): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  await archive.add(
    name,
    bytes.length,
    (async function* () {
      yield bytes;
    })(),
  );
}
