import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findNative, nativeDirectory } from './builds.js';

/**
 * Folders of CUDA's libraries in a build's folder; none in a build for CPUs. Whoever starts a process that computes on a GPU
 * names them in LD_LIBRARY_PATH: TensorFlow is built to look there by itself, but that is known to fail outside of
 * Python (tensorflow#85311), and the dynamic linker reads the variable only when a process starts.
 */
export async function cudaFolders(dir: string): Promise<string[]> {
  const parts = await readdir(join(dir, 'nvidia')).catch(() => []);
  return parts.toSorted((a, b) => a.localeCompare(b)).map((part) => join(dir, 'nvidia', part, 'lib'));
}

/** Those of the build that would be opened. */
export async function installedCudaFolders(cacheDir: string = nativeDirectory()): Promise<string[]> {
  const build = await findNative(cacheDir);
  return build === null ? [] : cudaFolders(build.dir);
}
