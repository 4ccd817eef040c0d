import type { GcReport } from '@trawl/spec';
import type { Pool } from 'pg';
import { unreferenced } from '../sql/artifacts.js';
import { lockSweep } from '../sql/lockSweep.js';
import { countSpent, dropSpent, sweepsWithSpent } from '../sql/spentCheckpoints.js';
import { rows } from '../statement.js';
import { transact } from '../transact.js';
import type { ArtifactFiles } from './files.js';

type Group = GcReport['groups'][number];

interface SpentFile {
  sha256: string;
  size: number;
}

/** Files looked up in one statement. */
const BATCH = 1_000;

export interface Collecting {
  pool: Pool;
  files: ArtifactFiles;
  /** Deletes a file that no artifact refers to; false where it has got a reference, was put lately, or is gone. */
  deleteFile: (sha256: string, putBefore: Date) => Promise<boolean>;
  graceSeconds: number;
  dryRun: boolean;
}

/**
 * Frees what nobody needs any more and is older than the grace time: spent checkpoints, then files that no
 * artifact names, then uploads that were cut off. Stopped at any point it leaves nothing but files without a
 * reference, which the next one finds.
 */
export async function collect(collecting: Collecting): Promise<GcReport> {
  const { graceSeconds, dryRun } = collecting;
  const young = { files: 0, bytes: 0 };
  const spent = dryRun ? await previewSpent(collecting, young) : await dropAllSpent(collecting, young);
  const groups = [...spent, await orphans(collecting, young), await cutOff(collecting, young)];
  const found = groups.filter((group) => group.files > 0);
  return {
    dryRun,
    files: found.reduce((sum, group) => sum + group.files, 0),
    bytes: found.reduce((sum, group) => sum + group.bytes, 0),
    groups: found,
    waiting: { ...young, graceSeconds },
  };
}

const before = (seconds: number): Date => new Date(Date.now() - seconds * 1000);

interface Sum {
  files: number;
  bytes: number;
}

const add = (to: Sum, size: number): void => {
  to.files += 1;
  to.bytes += size;
};

async function previewSpent({ pool, graceSeconds }: Collecting, young: Sum): Promise<Group[]> {
  type Counted = Pick<Group, 'sweepId' | 'sweepName' | 'files' | 'bytes'> & { youngFiles: number; youngBytes: number };
  const counted = await rows<Counted>(pool, countSpent, [graceSeconds]);
  return counted.map(({ youngFiles, youngBytes, ...group }) => {
    young.files += youngFiles;
    young.bytes += youngBytes;
    return { kind: 'checkpoint', ...group };
  });
}

async function dropAllSpent(collecting: Collecting, young: Sum): Promise<Group[]> {
  const { pool, graceSeconds, deleteFile } = collecting;
  const oldest = before(graceSeconds);
  const groups: Group[] = [];
  for (const sweep of await rows<{ id: string; name: string }>(pool, sweepsWithSpent, [graceSeconds])) {
    const dropped = await transact(pool, async (tx) => {
      await rows(tx.client, lockSweep, [sweep.id]);
      return rows<SpentFile>(tx.client, dropSpent, [graceSeconds, sweep.id]);
    });
    const group: Group = { kind: 'checkpoint', sweepId: sweep.id, sweepName: sweep.name, files: 0, bytes: 0 };
    for (const { sha256, size } of dropped) if (await deleteFile(sha256, oldest)) add(group, size);
    groups.push(group);
  }
  // What is left of them is too young.
  await previewSpent(collecting, young);
  return groups;
}

async function orphans({ pool, files, deleteFile, graceSeconds, dryRun }: Collecting, young: Sum): Promise<Group> {
  const group: Group = { kind: 'unreferenced', sweepId: null, sweepName: null, files: 0, bytes: 0 };
  const oldest = before(graceSeconds);
  let batch = new Map<string, { size: number; old: boolean }>();
  const flush = async (): Promise<void> => {
    for (const { sha256 } of await rows<{ sha256: string }>(pool, unreferenced, [[...batch.keys()]])) {
      const { size, old } = batch.get(sha256) ?? { size: 0, old: false };
      if (!old) add(young, size);
      else if (dryRun || (await deleteFile(sha256, oldest))) add(group, size);
    }
    batch = new Map();
  };
  for await (const { sha256, size, modifiedAt } of files.list()) {
    batch.set(sha256, { size, old: modifiedAt <= oldest });
    if (batch.size === BATCH) await flush();
  }
  await flush();
  return group;
}

async function cutOff({ files, graceSeconds, dryRun }: Collecting, young: Sum): Promise<Group> {
  const group: Group = { kind: 'unfinished', sweepId: null, sweepName: null, files: 0, bytes: 0 };
  const oldest = before(graceSeconds);
  for await (const { name, size, modifiedAt } of files.unfinished()) {
    // One that is under way has been written to lately.
    if (modifiedAt > oldest) add(young, size);
    else if (dryRun || (await files.removeUnfinished(name))) add(group, size);
  }
  return group;
}
