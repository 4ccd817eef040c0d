import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { clusterOf, isAlive } from '../embedded/cluster.js';
import { requireFree } from '../embedded/lock.js';

/*
 * What is not whole yet lies beside its place, under a name with its owner in it: of one that was killed it can be told from one
 * that is being made. (Another host's stays: a folder may be shared, and a process id says nothing elsewhere.)
 */

const HERE = hostname().replaceAll(/[^\w.-]/g, '_');
const NAME = /\.trawl-(backup|restore)-(.+)-(\d+)(?:\.table)?$/;
const mine = new Set<string>();

/** The place of what becomes `target`: a file of that name and more, or a hidden folder. */
export function unfinishedPath(kind: 'backup' | 'restore', target: string): string {
  const mark = `.trawl-${kind}-${HERE}-${process.pid}`;
  const made = kind === 'backup' ? `${target}${mark}` : path.join(path.dirname(target), mark);
  mine.add(made);
  return made;
}

/** Removes from a folder what backups and restores of this host have left there that are gone. */
export async function removeLeftovers(folder: string, onRemoved: (removed: string) => void): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, kind, host, pid] = NAME.exec(name) ?? [];
    const at = path.join(folder, name);
    if (host !== HERE || mine.has(at)) continue;
    // This process's own pid: in a restarted container it is the one of before.
    if (Number(pid) !== process.pid && isAlive(Number(pid))) continue;
    // Its Postgres may still be shutting down; one that does not is not taken its folder.
    if (kind === 'restore' && !(await isFree(at))) continue;
    await rm(at, { recursive: true, force: true });
    onRemoved(at);
  }
}

const isFree = (dataDir: string): Promise<boolean> =>
  requireFree(clusterOf(dataDir)).then(
    () => true,
    () => false,
  );
