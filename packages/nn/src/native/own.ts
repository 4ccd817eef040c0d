import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What of ours is compiled into a native build: ops, and what lets JavaScript run ahead of TensorFlow's. */
export const OWN_LIBRARIES = ['kernels', 'ahead'] as const;
export type OwnLibrary = (typeof OWN_LIBRARIES)[number];

/** C++ source. */
export const sourceOf = (library: OwnLibrary): string =>
  fileURLToPath(new URL(`../../native/${library}.cc`, import.meta.url));

/** Name of the library in a native build: of this source, no other's is loaded. Null where the source is not at hand. */
export function fileOf(library: OwnLibrary): string | null {
  try {
    const hash = createHash('sha256')
      .update(readFileSync(sourceOf(library)))
      .digest('hex');
    return `${library}_${hash.slice(0, 16)}.node`;
  } catch {
    return null;
  }
}

/** Where the library lies in the folder of a native build; null where the build has not got this source's. */
export function ownIn(dir: string, library: OwnLibrary): string | null {
  const file = fileOf(library);
  return file !== null && existsSync(join(dir, file)) ? join(dir, file) : null;
}
