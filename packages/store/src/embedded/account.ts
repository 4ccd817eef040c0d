import { execFile, type SpawnOptions, spawnSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './error.js';

const run = promisify(execFile);

/** As whom the server runs, and how a command is started so. */
export interface Account {
  /** null: as the user of this process. */
  owner: { uid: number; gid: number } | null;
  command(file: string, args: string[]): { file: string; args: string[]; options: SpawnOptions };
}

/** Postgres refuses to run as root. Root runs it as the owner of the cluster, or as the OS user `postgres`. */
export async function chooseAccount(cluster: string): Promise<Account> {
  if (process.getuid?.() !== 0) {
    return { owner: null, command: (file, args) => ({ file, args, options: {} }) };
  }
  const owner = (await ownerOf(cluster)) ?? (await postgresUser()) ?? (await addPostgresUser());
  return { owner, command: (file, args) => ({ file, args, options: { ...owner } }) };
}

/**
 * Below a folder that is closed to others (a checkout in /root) the account reaches neither its binaries
 * nor its cluster. Then it gets the one capability that opens them, where `setpriv` can give it.
 */
export function reaching(account: Account, paths: string[]): Account {
  const { owner } = account;
  if (owner === null || reaches(account, paths)) return account;
  const flags = ['--clear-groups', '--inh-caps', '+dac_override', '--ambient-caps', '+dac_override', '--'];
  const ids = ['--reuid', String(owner.uid), '--regid', String(owner.gid)];
  const capable: Account = {
    owner,
    command: (file, args) => ({ file: 'setpriv', args: [...ids, ...flags, file, ...args], options: {} }),
  };
  if (reaches(capable, paths)) return capable;
  throw new EmbeddedPostgresError(
    `Postgres cannot run as root, and as uid ${owner.uid} it cannot reach ${paths.join(' and ')}: ` +
      'move them out of folders that are closed to other users, run trawl as an ordinary user, or set DATABASE_URL',
  );
}

function reaches(account: Account, paths: string[]): boolean {
  const script = 'for path do test -x "$path" || exit 1; done';
  const { file, args, options } = account.command('sh', ['-c', script, 'sh', ...paths]);
  return spawnSync(file, args, { uid: options.uid, gid: options.gid, cwd: '/', stdio: 'ignore' }).status === 0;
}

async function ownerOf(folder: string): Promise<Account['owner']> {
  const facts = await stat(folder).catch(() => null);
  return facts === null || facts.uid === 0 ? null : { uid: facts.uid, gid: facts.gid };
}

async function postgresUser(): Promise<Account['owner']> {
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, 'postgres'])));
    return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  } catch {
    return null;
  }
}

async function addPostgresUser(): Promise<Account['owner']> {
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', 'postgres']);
  } catch (error) {
    throw new EmbeddedPostgresError(
      'Postgres cannot run as root, and there is no user `postgres`: add one, run trawl as an ordinary user, or set DATABASE_URL',
      { cause: error },
    );
  }
  return postgresUser();
}
