import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { backup, type BackupReport, LocalArtifacts, restore, startEmbeddedPostgres } from '@trawl/store';
import type { Command } from 'commander';
import { type Config, readStackFile } from '../config.js';
import { type Context, UsageError } from '../context.js';
import { onDatabase } from '../database.js';
import { bytes } from '../render/numbers.js';
import { transferProgress } from '../render/transfer.js';
import { STACK_KEY } from '../stack/keys.js';
import { untilSignal } from '../stack/signals.js';

const onRemoved = (path: string): void =>
  void process.stderr.write(`trawl: removed ${path}, left by one that was killed\n`);

/** These work on the data directory itself: they need no service, and stop none. */
export function backupCommands(program: Command, context: () => Context): void {
  program
    .command('backup')
    .description(
      'write database and files of the data directory into one archive, while trawl runs or while it does not',
    )
    .argument('<file>', 'a file that does not exist yet, as trawl-2026-11-22.tar')
    .action(async (path: string) => {
      const ctx = context();
      const files = new LocalArtifacts(join(ctx.config.dataDir, 'artifacts'));
      const report = await withDatabase(ctx.config, (databaseUrl) =>
        interruptible((signal) => {
          const progress = transferProgress('backup', process.stderr);
          return backup({ databaseUrl, files, path, signal, onRemoved, onProgress: progress.show }).finally(
            progress.stop,
          );
        }),
      );
      ctx.show({ file: resolve(path), ...report }, () => `backed up ${summary(report)}: ${resolve(path)}`);
    });

  program
    .command('restore')
    .description('make a new data directory from a backup')
    .argument('<file>', 'what trawl backup wrote')
    .requiredOption('--data-dir <dir>', 'a folder that is empty or does not exist')
    .action(async (path: string, { dataDir }: { dataDir: string }) => {
      const ctx = context();
      if (!existsSync(path)) throw new UsageError(`there is no file ${path}`);
      const report = await interruptible((signal) => {
        const progress = transferProgress('restore', process.stderr);
        const options = { path, dataDir, ownKeys: STACK_KEY, signal, onRemoved, onProgress: progress.show };
        return restore(options).finally(progress.stop);
      });
      const to = resolve(dataDir);
      ctx.show(
        { dataDir: to, ...report },
        () => `restored ${summary(report)}: start it with TRAWL_DATA_DIR=${dataDir} npm start`,
      );
    });
}

function summary({ tables, rows, files, bytes: size, missing }: BackupReport): string {
  const lost = missing.length === 0 ? '' : ` (${missing.length} files that the database names were missing)`;
  return `${rows} rows of ${tables} tables and ${files} files, ${bytes(size)}${lost}`;
}

/** The database of DATABASE_URL or of the running stack, else the embedded one, started for as long as it takes. */
async function withDatabase<T>(config: Config, work: (databaseUrl: string) => Promise<T>): Promise<T> {
  const running = config.databaseUrl ?? readStackFile(config.dataDir)?.databaseUrl;
  if (running !== undefined) return onDatabase(running, work);
  if (!existsSync(join(config.dataDir, 'cluster'))) {
    throw new UsageError(`${config.dataDir} holds no database: set TRAWL_DATA_DIR or DATABASE_URL`);
  }
  const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir });
  try {
    return await work(postgres.databaseUrl);
  } finally {
    await postgres.stop();
  }
}

/** Ctrl-C leaves nothing half done behind. */
async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stopped = new AbortController();
  void untilSignal().then(() => stopped.abort());
  try {
    return await work(stopped.signal);
  } catch (error) {
    if (stopped.signal.aborted) throw new UsageError('interrupted: nothing was written');
    throw error;
  }
}
