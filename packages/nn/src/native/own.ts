import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What of ours is compiled into a native build: ops, and what lets JavaScript run ahead of TensorFlow's. */
export const OWN_LIBRARIES = ['kernels', 'ahead'] as const;
export type OwnLibrary = (typeof OWN_LIBRARIES)[number];

const folderOf = (library: OwnLibrary): string => fileURLToPath(new URL(`../../native/${library}`, import.meta.url));

/** Absolute, in order; headers too. */
const filesOf = (library: OwnLibrary): string[] =>
  readdirSync(folderOf(library))
    .toSorted()
    .map((name) => join(folderOf(library), name));

/** The C++ files to compile. */
export const sourcesOf = (library: OwnLibrary): string[] => filesOf(library).filter((file) => file.endsWith('.cc'));

/** Name of the library in a native build: of these sources, no other's is loaded. Null where they are not at hand. */
export function fileOf(library: OwnLibrary): string | null {
  try {
    const hash = createHash('sha256');
    for (const file of filesOf(library)) hash.update(readFileSync(file));
    return `${library}_${hash.digest('hex').slice(0, 16)}.node`;
  } catch {
    return null;
  }
}

/** Where the library lies in the folder of a native build; null where the build has not got this source's. */
export function ownIn(dir: string, library: OwnLibrary): string | null {
  const file = fileOf(library);
  return file !== null && existsSync(join(dir, file)) ? join(dir, file) : null;
}
