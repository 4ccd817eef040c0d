import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/*
 * A native build is a folder of the cache, named by its key:
 *
 *   <key>/tfjs_binding.node        the addon of @tensorflow/tfjs-node-gpu, which finds the libraries beside it
 *   <key>/<library>_<hash>.node    libraries of ours, by the hash of their source; may lack, and then are done without
 *   <key>/tensorflow/*.so.2        libtensorflow
 *   <key>/nvidia/<part>/lib/*.so   CUDA, in a GPU build; where TensorFlow's own wheel has it, and so is looked for
 *   <key>/build.json               a NativeBuild
 *
 * A folder appears by one rename when it is complete, and nothing is written into node_modules: any number of
 * processes may look for a build, load it or install it at once.
 */

export interface NativeBuild {
  key: string;
  /** Absolute. */
  dir: string;
  addon: string;
  /** Of TensorFlow. */
  version: string;
  gpu: boolean;
  /** Where the libraries came from. */
  source: string;
  /** ISO 8601. */
  installedAt: string;
}

export const ADDON_FILE = 'tfjs_binding.node';
const BUILD_FILE = 'build.json';
const TRASH = '.trash-';
const STAGING = '.staging-';

/** `$XDG_CACHE_HOME/trawl/native`, or the same in ~/.cache. The caller reads the environment. */
export function nativeDirectory(xdgCacheHome?: string): string {
  return join(xdgCacheHome || join(homedir(), '.cache'), 'trawl', 'native');
}

const require = createRequire(import.meta.url);

/** The npm package that holds the addon's sources. */
export function addonPackage(): { dir: string; version: string } {
  const path = require.resolve('@tensorflow/tfjs-node-gpu/package.json');
  const { version }: { version: string } = require(path);
  return { dir: join(path, '..'), version };
}

/** A build holds for one addon version and one kind of machine. */
export function buildKey(library: string): string {
  return `${library}+tfjs-node-${addonPackage().version}-${process.platform}-${process.arch}`;
}

/** The newest build that this trawl can load on this machine, or null. */
export async function findNative(cacheDir: string = nativeDirectory()): Promise<NativeBuild | null> {
  const suffix = buildKey('');
  const names = await readdir(cacheDir).catch(() => []);
  const builds = await Promise.all(
    names.filter((name) => name.endsWith(suffix) && !name.startsWith('.')).map((name) => readBuild(cacheDir, name)),
  );
  const found = builds.filter((build) => build !== null);
  return found.toSorted((a, b) => b.installedAt.localeCompare(a.installedAt))[0] ?? null;
}

/** The build of a key, or null where none is complete. */
export async function readBuild(cacheDir: string, key: string): Promise<NativeBuild | null> {
  const dir = join(cacheDir, key);
  try {
    const build: NativeBuild = JSON.parse(await readFile(join(dir, BUILD_FILE), 'utf8'));
    // The cache may have been moved.
    return { ...build, key, dir, addon: join(dir, ADDON_FILE) };
  } catch {
    return null;
  }
}

export async function writeBuild(dir: string, build: NativeBuild): Promise<void> {
  await writeFile(join(dir, BUILD_FILE), `${JSON.stringify(build, null, 2)}\n`);
}

/** Removes every native build. Running trainers keep the libraries that they have loaded. Returns what was removed. */
export async function removeNative(cacheDir: string = nativeDirectory()): Promise<string[]> {
  const names = (await readdir(cacheDir).catch(() => [])).filter((name) => !name.startsWith('.'));
  for (const name of names) await discard(cacheDir, name);
  return names;
}

/** Takes a folder out of sight at once, then deletes it; none is fine. */
export async function discard(cacheDir: string, name: string): Promise<void> {
  const trash = join(cacheDir, `${TRASH}${process.pid}-${name}`);
  try {
    await rename(join(cacheDir, name), trash);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  await rm(trash, { recursive: true, force: true });
}

/** Deletes what interrupted installs and removals left. Only under the install lock. */
export async function sweepLeftovers(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (name.startsWith(TRASH) || name.startsWith(STAGING))
      await rm(join(cacheDir, name), { recursive: true, force: true });
  }
}

/** An empty folder beside the builds, so that the last step of an install is a rename. */
export async function makeStaging(cacheDir: string): Promise<string> {
  const dir = join(cacheDir, `${STAGING}${process.pid}`);
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  return dir;
}
