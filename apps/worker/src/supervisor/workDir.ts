import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

export interface WorkDir {
  /** A new empty folder for an attempt. */
  attempt(): Promise<string>;
  remove(): void;
}

/** A folder of this process below `dataDir/work`; what workers that are gone have left there is removed. */
export function openWorkDir(dataDir: string): WorkDir {
  const all = join(dataDir, 'work');
  mkdirSync(all, { recursive: true });
  for (const name of readdirSync(all)) {
    if (/^\d+$/.test(name) && !isAlive(Number(name))) rmSync(join(all, name), { recursive: true, force: true });
  }
  const mine = join(all, String(process.pid));
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
