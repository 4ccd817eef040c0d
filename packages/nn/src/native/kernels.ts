import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** C++ source of our own kernels. */
export const kernelsSource = fileURLToPath(new URL('../../native/kernels.cc', import.meta.url));

/** Name of their library in a native build: of this source, no other's is loaded. Null where the source is not at hand. */
export function kernelsFile(): string | null {
  try {
    const hash = createHash('sha256').update(readFileSync(kernelsSource)).digest('hex');
    return `trawl_${hash.slice(0, 16)}.node`;
  } catch {
    return null;
  }
}
