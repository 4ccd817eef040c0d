import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

export interface WorkDir {
  /** A new empty folder for an attempt. */
  attempt(): Promise<string>;
  remove(): void;
}

/**
 * A folder of this process below `dataDir/work`; what workers of this host that are gone have left there is removed.
 * (Other hosts' stays: a data directory may be shared, and a process id says nothing elsewhere.)
 */
export function openWorkDir(dataDir: string): WorkDir {
  const all = join(dataDir, 'work');
  const here = `${hostname()}-`;
  mkdirSync(all, { recursive: true });
  for (const name of readdirSync(all)) {
    const pid = name.startsWith(here) ? name.slice(here.length) : '';
    // This process's own pid: in a restarted container it is the one of before.
    if (/^\d+$/.test(pid) && (Number(pid) === process.pid || !isAlive(Number(pid))))
      rmSync(join(all, name), { recursive: true, force: true });
  }
  const mine = join(all, `${here}${process.pid}`);
  return {
    async attempt() {
      await mkdir(mine, { recursive: true });
      return mkdtemp(join(mine, 'attempt-'));
    },
    remove: () => rmSync(mine, { recursive: true, force: true }),
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: alive, another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
