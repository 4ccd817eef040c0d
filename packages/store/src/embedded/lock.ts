import { execFile } from 'node:child_process';
import { readlink, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isAlive, readIfThere } from './cluster.js';
import { EmbeddedPostgresError } from './error.js';

const run = promisify(execFile);

/** postmaster.pid: who runs the cluster, and how far it is. */
export interface Lock {
  pid: number;
  port: number;
  /** `starting`, `ready` or `stopping`. */
  status: string;
}

/** How long a server may take to go down that was told to, or whose trawl was killed a moment ago. */
const STOPPING_MS = 30_000;
const READY_MS = 2_000;

export async function readLock(cluster: string): Promise<Lock | null> {
  const text = await readIfThere(path.join(cluster, 'postmaster.pid'));
  const lines = text?.split('\n') ?? [];
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  return { pid, port: Number(lines[3]), status: (lines[7] ?? '').trim() };
}

/**
 * Makes sure that nobody runs this cluster. Postgres clears up after a server that was killed, except
 * where another process has got its pid since, as happens in a restarted container.
 */
export async function requireFree(cluster: string): Promise<void> {
  const begun = Date.now();
  for (;;) {
    const lock = await readLock(cluster);
    if (lock === null) return;
    if (!(await runs(cluster, lock.pid))) {
      await rm(path.join(cluster, 'postmaster.pid'), { force: true });
      return;
    }
    const patience = lock.status === 'stopping' ? STOPPING_MS : READY_MS;
    if (Date.now() - begun > patience) {
      throw new EmbeddedPostgresError(
        `${cluster} is in use by the Postgres of another trawl (pid ${lock.pid}, port ${lock.port}): ` +
          `stop that one, or use another data folder`,
      );
    }
    await sleep(100);
  }
}

/** Is the process a Postgres, and on this cluster? A server works in its data folder. */
async function runs(cluster: string, pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  try {
    if (process.platform === 'linux') return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(cluster));
    const { stdout } = await run('ps', ['-p', String(pid), '-o', 'comm=']);
    return stdout.includes('postgres');
  } catch {
    // It cannot be told, as for a process of another user: Postgres looks again when it starts.
    return false;
  }
}
