import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Account } from './account.js';
import type { Binaries } from './binaries.js';
import { EmbeddedPostgresError } from './error.js';

const run = promisify(execFile);

/** The superuser, and the only one. */
export const USER = 'trawl';

const PASSWORD_FILE = 'trawl.password';
const MAKING = 'cluster.new-';

export const clusterOf = (dataDir: string): string => path.join(dataDir, 'cluster');

/** Makes the cluster where there is none; refuses one of another major version. Returns the password. */
export async function ensureCluster(dataDir: string, binaries: Binaries, account: Account): Promise<string> {
  const cluster = clusterOf(dataDir);
  const theirs = await readIfThere(path.join(cluster, 'PG_VERSION'));
  if (theirs === null) await makeCluster(dataDir, binaries, account);
  else await sameMajor(cluster, theirs.trim(), binaries);
  const password = await readIfThere(path.join(cluster, PASSWORD_FILE));
  if (password === null) {
    throw new EmbeddedPostgresError(`${cluster} was not made by trawl (it has no ${PASSWORD_FILE}): move it away`);
  }
  return password.trim();
}

async function sameMajor(cluster: string, theirs: string, binaries: Binaries): Promise<void> {
  const { stdout } = await run(binaries.postgres, ['--version']);
  const ours = /(\d+)(\.\d+|devel|beta|rc)/.exec(stdout)?.[1];
  if (ours === theirs) return;
  throw new EmbeddedPostgresError(
    `${cluster} holds data of Postgres ${theirs}, and this trawl brings Postgres ${ours}: ` +
      `back it up with "trawl backup" under the trawl that made it and restore that here, or move it away to start empty`,
  );
}

/** Under a name of its own until it is whole: an interrupted start leaves no half cluster, and of two that race one wins. */
async function makeCluster(dataDir: string, binaries: Binaries, account: Account): Promise<void> {
  await removeLeftovers(dataDir);
  const making = path.join(dataDir, `${MAKING}${process.pid}`);
  const passwordFile = `${making}.password`;
  const password = randomBytes(24).toString('base64url');
  try {
    await mkdir(making, { mode: 0o700 });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (account.owner !== null) {
      for (const own of [making, passwordFile]) await chown(own, account.owner.uid, account.owner.gid);
    }
    await initdb(making, passwordFile, binaries, account);
    await rename(passwordFile, path.join(making, PASSWORD_FILE));
    await rename(making, clusterOf(dataDir)).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY')) throw error;
    });
  } finally {
    await rm(making, { recursive: true, force: true });
    await rm(passwordFile, { force: true });
  }
}

async function initdb(folder: string, passwordFile: string, binaries: Binaries, account: Account): Promise<void> {
  // The builtin locale: the order of text does not change with the machine's C library or ICU.
  const { file, args, options } = account.command(binaries.initdb, [
    `--pgdata=${folder}`,
    `--username=${USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
  ]);
  try {
    await run(file, args, { uid: options.uid, gid: options.gid, cwd: '/' });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new EmbeddedPostgresError(`cannot make a database cluster in ${folder}: ${said}`, { cause: error });
  }
}

/** Of starts that were killed while they made one. */
async function removeLeftovers(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith(MAKING)) continue;
    if (isAlive(Number.parseInt(name.slice(MAKING.length), 10))) continue;
    await rm(path.join(dataDir, name), { recursive: true, force: true });
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

export async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
