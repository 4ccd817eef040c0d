import { access, constants, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { shortGiven } from '@trawl/spec';
import type { Fault } from '@trawl/spec';
import { distance } from 'fastest-levenshtein';

/** A data root, known to users by its folder's name: the server's own paths are nobody's business. */
interface Root {
  name: string;
  real: string;
}

const NEAR_NAMES = 5;
/** Entries looked at for near names: a root may hold a million frames. */
const LOOK_AT = 5_000;
const DATA_FILE = /\.(hdf5|h5|hdf|he5)$/i;

/**
 * The real path of a data file, named relative to one of the data roots (the first that has it).
 * A path may not leave its root: not by `..`, not as an absolute path elsewhere, not through a symlink.
 * `at` is the fault's path.
 */
export async function resolveInRoots(
  given: string,
  roots: readonly string[],
  at: string,
): Promise<{ file: string } | { faults: Fault[] }> {
  return resolveIn(await openRoots(roots), given, at, 'file');
}

/** The same for a folder, with what tells whether a link in it may be followed. */
export async function resolveFolder(
  given: string,
  roots: readonly string[],
  at: string,
): Promise<{ folder: string; isInside: (real: string) => boolean } | { faults: Fault[] }> {
  const opened = await openRoots(roots);
  const resolved = await resolveIn(opened, given, at, 'folder');
  if ('faults' in resolved) return resolved;
  return { folder: resolved.file, isInside: (real) => opened.some((root) => contains(root.real, real)) };
}

async function resolveIn(
  found: readonly Root[],
  given: string,
  at: string,
  want: 'file' | 'folder',
): Promise<{ file: string } | { faults: Fault[] }> {
  const legal = `a path relative to a data root (${found.map((root) => root.name).join(', ')}), without ..`;
  const refuse = (message: string, allowed = legal) => ({
    faults: [{ path: at, message, given: shortGiven(given), allowed }],
  });

  if (found.length === 0) return refuse('the service has no readable data root', 'start it with a data root');
  if (given.includes('\0') || given.split(/[/\\]/).includes('..')) return refuse('may not leave its data root');
  if (path.isAbsolute(given) && !found.some((root) => contains(root.real, path.normalize(given)))) {
    return refuse('an absolute path outside the data roots');
  }

  let escaped = false;
  for (const root of found) {
    const real = await realpath(path.resolve(root.real, given)).catch(() => null);
    if (real === null) continue;
    if (!found.some((each) => contains(each.real, real))) {
      escaped = true;
      continue;
    }
    const facts = await stat(real);
    if (want === 'folder') {
      if (!facts.isDirectory()) return refuse('not a folder', 'a folder of frames; a file of frames is of kind: hdf5');
      if (!(await mayRead(real))) return refuse('the service may not read it', 'a folder that the service may read');
      return { file: real };
    }
    if (facts.isDirectory()) return refuse('a folder', await filesOf(real, root));
    if (!facts.isFile()) return refuse('not an ordinary file');
    if (!(await mayRead(real))) return refuse('the service may not read it', 'a file that the service may read');
    return { file: real };
  }
  if (escaped) return refuse('a link that leaves its data root');
  if (want === 'folder') return refuse('does not exist', await nearFolders(given, found, legal));
  return refuse('does not exist', await nearNames(given, found, legal));
}

async function openRoots(roots: readonly string[]): Promise<Root[]> {
  const found: Root[] = [];
  for (const root of roots) {
    const real = await realpath(root).catch(() => null);
    if (real === null || found.some((other) => other.real === real)) continue;
    const base = path.basename(real);
    const twins = found.filter((other) => path.basename(other.real) === base).length;
    found.push({ name: twins === 0 ? base : `${base} (${twins + 1})`, real });
  }
  return found;
}

function contains(root: string, file: string): boolean {
  return file === root || file.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
}

async function mayRead(file: string): Promise<boolean> {
  return access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function filesOf(folder: string, root: Root): Promise<string> {
  const names = (await dataFiles(folder)).map((name) => path.relative(root.real, path.join(folder, name)));
  return names.length === 0 ? 'a file; this folder holds no HDF5 file' : `a file: ${listed(names.sort())}`;
}

async function nearNames(given: string, roots: readonly Root[], legal: string): Promise<string> {
  const wanted = given.toLowerCase();
  const near: { name: string; far: number }[] = [];
  for (const root of roots) {
    for (const name of await dataFiles(root.real)) {
      const whole = distance(wanted, name.toLowerCase());
      const last = distance(path.basename(wanted), path.basename(name).toLowerCase());
      near.push({ name, far: Math.min(whole, last) });
    }
  }
  if (near.length === 0) return `${legal}; the roots hold no HDF5 file`;
  near.sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1));
  return listed([...new Set(near.map((each) => each.name))]);
}

/** Folders on the way to what is given, by name: below them lie too many. */
async function nearFolders(given: string, roots: readonly Root[], legal: string): Promise<string> {
  const above = path.dirname(path.normalize(given));
  const near: string[] = [];
  for (const root of roots) {
    for (const below of new Set([above, '.'])) {
      const entries = await readdir(path.resolve(root.real, below), { withFileTypes: true }).catch(() => []);
      near.push(...entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(below, entry.name)));
    }
  }
  const wanted = given.toLowerCase();
  const far = (name: string): number => distance(wanted, name.toLowerCase());
  near.sort((a, b) => far(a) - far(b) || (a < b ? -1 : 1));
  return near.length === 0 ? `${legal}; the roots hold no folder` : listed([...new Set(near)]);
}

function listed(names: string[]): string {
  return names.slice(0, NEAR_NAMES).join(', ') + (names.length > NEAR_NAMES ? ', ...' : '');
}

/** HDF5 files below a folder, relative to it, breadth first; links are not followed. */
async function dataFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  const queue = [''];
  let seen = 0;
  for (let below = queue.shift(); below !== undefined && seen < LOOK_AT; below = queue.shift()) {
    const entries = await readdir(path.join(folder, below), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (++seen > LOOK_AT) break;
      const name = path.join(below, entry.name);
      if (entry.isDirectory()) queue.push(name);
      else if (entry.isFile() && DATA_FILE.test(entry.name)) files.push(name);
    }
  }
  return files;
}
