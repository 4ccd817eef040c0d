import { access, constants, mkdir } from 'node:fs/promises';
import type { Store } from '@trawl/store';

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

/** What an operator should know of who may call; null where nothing needs to be said. */
export async function accessWarning(
  { keysRequired, loopback }: { keysRequired: boolean; loopback: boolean },
  { keys }: Pick<Store, 'keys'>,
): Promise<string | null> {
  if (!keysRequired) {
    return loopback
      ? null
      : 'TRAWL_AUTH is off and the network reaches this api: whoever does may do everything, delete sweeps included';
  }
  if (await keys.any()) return null;
  return (
    'every call needs an API key and there is none: make the first one, with the DATABASE_URL of this process, by ' +
    '`npm run -s trawl -- key create --database --name admin --scope admin`'
  );
}
