import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { migrate, startEmbeddedPostgres } from '@trawl/store';

export const NOT_DURABLE: Record<string, string> = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

let made: Promise<string> | undefined;

/** A data directory that has the schema, made once: that takes longer than all else of a start. */
export async function copyCluster(dataDir: string): Promise<void> {
  made ??= makeCluster();
  // With its owner, which is not root.
  await promisify(execFile)('cp', ['-a', await made, dataDir]);
}

async function makeCluster(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trawl-chaos-cluster-'));
  process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({ dataDir, settings: NOT_DURABLE });
  await migrate(server.databaseUrl);
  await server.stop();
  return dataDir;
}
