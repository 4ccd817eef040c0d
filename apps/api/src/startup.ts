import { access, constants } from 'node:fs/promises';
import type { Catalog } from '@trawl/spec';

/* What must hold before the service listens. The store checks its migrations itself when it is opened. */

/** @throws Error naming the models that no trainer trains. */
export function checkTrainers(catalog: Catalog, trainers: readonly string[]): void {
  const missing = [...catalog.keys()].filter((name) => !trainers.includes(name));
  if (missing.length === 0) return;
  throw new Error(
    `no trainer for ${missing.join(', ')}; add each to packages/models/src/trainers.ts or take its card away`,
  );
}

/** @throws Error naming the data roots that cannot be read. */
export async function checkDataRoots(roots: readonly string[]): Promise<void> {
  const readable = await Promise.all(
    roots.map((root) =>
      access(root, constants.R_OK | constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  const missing = roots.filter((_, i) => !readable[i]);
  if (missing.length === 0) return;
  throw new Error(`data roots that cannot be read: ${missing.join(', ')}; make them or change TRAWL_DATA_ROOTS`);
}
