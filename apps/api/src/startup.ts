import { access, constants, mkdir } from 'node:fs/promises';

/* What must hold before the service listens. The store checks its migrations itself when it is opened. */

/**
 * Makes each data root that is missing where its parent exists, so that a fresh clone starts; the names of those.
 * @throws Error naming the first data root that cannot be read or made.
 */
export async function ensureDataRoots(roots: readonly string[]): Promise<string[]> {
  const made: string[] = [];
  for (const root of roots) {
    try {
      if (await make(root)) made.push(root);
      await access(root, constants.R_OK | constants.X_OK);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`data root ${root}: ${why}; make it readable or change TRAWL_DATA_ROOTS`, { cause: error });
    }
  }
  return made;
}

async function make(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
