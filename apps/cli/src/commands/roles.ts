import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { environment, readStackFile } from '../config.js';
import { type Context, UsageError } from '../context.js';
import { entryOf, type Role, ROLES } from '../stack/role.js';
import { wholeNumber } from './read.js';

const ABOUT: Record<Role, string> = {
  api: 'run only the HTTP api',
  scheduler: 'run only a scheduler',
  worker: 'run only a worker, on this machine or another',
};

/** One role in the foreground, joined to the stack of DATABASE_URL or else to the one running here. */
export function roleCommands(program: Command, context: () => Context): void {
  for (const role of ROLES) {
    const command = program.command(role).description(ABOUT[role]);
    if (role === 'worker')
      command.option('--slots <n>', 'trainers at once (default: one a GPU, else one a core)', wholeNumber);
    command.action(async ({ slots }: { slots?: number }) => {
      const { config } = context();
      const stack = readStackFile(config.dataDir);
      const databaseUrl = config.databaseUrl ?? stack?.databaseUrl;
      if (databaseUrl === undefined) {
        throw new UsageError(`set DATABASE_URL, or start a stack first (npm start): none runs on ${config.dataDir}`);
      }
      const apiUrl = config.apiUrl ?? stack?.apiUrl;
      const redisUrl = config.redisUrl ?? stack?.redisUrl ?? undefined;
      const env: NodeJS.ProcessEnv = {
        ...environment(),
        DATABASE_URL: databaseUrl,
        TRAWL_DATA_DIR: config.dataDir,
        TRAWL_DATA_ROOTS: config.dataRoots.join(':'),
        ...(slots === undefined ? {} : { TRAWL_SLOTS: String(slots) }),
        ...(apiUrl === undefined ? {} : { TRAWL_API_URL: apiUrl }),
        ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
        ...(config.apiKey === undefined && stack !== null ? { TRAWL_API_KEY: stack.apiKey } : {}),
      };
      process.exitCode = await foreground(role, env);
    });
  }
}

/** The child's exit code. Signals sent to this process go on to the child, which ends in its own order. */
function foreground(role: Role, env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [entryOf(role)], { env, stdio: 'inherit' });
  // A Ctrl-C reaches the child by itself, being in the same process group: only wait for it then.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}
