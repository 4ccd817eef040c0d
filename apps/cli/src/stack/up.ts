import { EventEmitter, once } from 'node:events';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@trawl/client';
import { type EmbeddedPostgres, migrate, startEmbeddedPostgres } from '@trawl/store';
import { type Config, environment, readStackFile, type StackFile, stackFilePath } from '../config.js';
import { StartError, UsageError } from '../context.js';
import { onDatabase } from '../database.js';
import { makeStackKeys, type StackKeys } from './keys.js';
import { lastLines, type Role, type RoleProcess, startRole } from './role.js';

const READY_SECONDS = 60;
/** Beyond what a role gives itself to close. */
const MARGIN_SECONDS = 6;
/** Without a database nobody can release or store anything: they are only to leave nothing behind. */
const HOPELESS_SECONDS = 5;

export interface StackOptions {
  config: Config;
  /** Trainers at once; absent: TRAWL_SLOTS, else the worker's own choice (one a GPU, or one a core). */
  slots?: number | undefined;
  /** One line a step, for a person. */
  say: (line: string) => void;
}

export interface Stack extends StackFile {
  /** Resolves when the stack cannot go on, with the reason. It still wants to be stopped. */
  broken: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts everything on one machine: Postgres (embedded unless DATABASE_URL is set), api, scheduler, one worker.
 * @throws Error with the remedy when a stack already runs on the data directory or a role does not come up.
 */
export async function startStack({ config, slots, say }: StackOptions): Promise<Stack> {
  const running = readStackFile(config.dataDir);
  if (running !== null) {
    throw new UsageError(
      `a stack already runs on ${config.dataDir} (process ${running.pid}, ${running.apiUrl}); stop it or set TRAWL_DATA_DIR`,
    );
  }
  const logs = join(config.dataDir, 'logs');
  mkdirSync(logs, { recursive: true });

  const roles: RoleProcess[] = [];
  let postgres: EmbeddedPostgres | undefined;
  let keys: StackKeys | undefined;
  let isBroken = false;
  const refusals = new EventEmitter<{ refusal: [string] }>();
  let broken = once(refusals, 'refusal').then(([why]) => String(why));
  const graceSeconds = (role: Role): number => {
    if (isBroken) return HOPELESS_SECONDS;
    return (role === 'worker' ? config.drainSeconds : config.closeSeconds) + MARGIN_SECONDS;
  };
  const stop = async (): Promise<void> => {
    for (const role of roles.splice(0).reverse()) await role.stop(graceSeconds(role.role) * 1000);
    // Those that stay are deleted at the next start.
    await keys?.forget().catch(() => undefined);
    keys = undefined;
    await postgres?.stop();
    postgres = undefined;
    rmSync(stackFilePath(config.dataDir), { force: true });
  };

  try {
    if (config.databaseUrl === undefined) {
      say('starting Postgres');
      postgres = await startEmbeddedPostgres({ dataDir: config.dataDir });
      const died = postgres.exited.then(() => {
        isBroken = true;
        const log = join(config.dataDir, 'postgres.log');
        return `Postgres ended by itself; ${log} ends with:\n${lastLines(log, 5)}\nstart it again: running runs go on from their last checkpoint`;
      });
      broken = Promise.race([broken, died]);
    }
    const databaseUrl = config.databaseUrl ?? postgres?.databaseUrl ?? '';
    await onDatabase(databaseUrl, migrate);
    keys = await makeStackKeys(databaseUrl, config.dataDir);

    const env: NodeJS.ProcessEnv = {
      ...environment(),
      DATABASE_URL: databaseUrl,
      TRAWL_DATA_DIR: config.dataDir,
      TRAWL_DATA_ROOTS: config.dataRoots.join(':'),
      TRAWL_HOST: config.host,
      TRAWL_PORT: String(config.port),
      ...(slots === undefined ? {} : { TRAWL_SLOTS: String(slots) }),
    };
    const start = (role: Role): RoleProcess => {
      const process = startRole({
        role,
        env,
        logFile: join(logs, `${role}.log`),
        onExit: say,
        onCannotStart: (why) => void refusals.emit('refusal', `the ${role} cannot start: ${why}`),
      });
      roles.push(process);
      return process;
    };

    say('starting api, scheduler and worker');
    const apiUrl = await withDeadline(start('api').listening, join(logs, 'api.log'));
    env['TRAWL_API_URL'] = apiUrl;
    env['TRAWL_API_KEY'] = keys.worker;
    start('scheduler');
    start('worker');
    const reason = await Promise.race([broken, ready(apiUrl)]);
    if (reason !== undefined) throw new Error(reason);

    const file: StackFile = {
      apiUrl,
      databaseUrl,
      redisUrl: config.redisUrl ?? null,
      apiKey: keys.admin,
      pid: process.pid,
    };
    writeStackFile(config.dataDir, file);
    return { ...file, broken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The file holds the database's password and a key: readable by its owner only. */
function writeStackFile(dataDir: string, file: StackFile): void {
  const path = stackFilePath(dataDir);
  writeFileSync(`${path}.tmp`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

async function withDeadline(listening: Promise<string>, logFile: string): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new StartError(
            `the api did not start within ${READY_SECONDS} s; ${logFile} ends with:\n${lastLines(logFile, 10)}`,
          ),
        ),
      READY_SECONDS * 1000,
    );
  });
  try {
    return await Promise.race([listening, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function ready(apiUrl: string): Promise<void> {
  const { health } = createClient({ baseUrl: apiUrl, timeoutMs: 5_000, retry: { attempts: 1 } });
  const deadline = performance.now() + READY_SECONDS * 1000;
  let last = '';
  while (performance.now() < deadline) {
    try {
      await health.ready();
      return;
    } catch (error) {
      last = String(error);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new StartError(`the api at ${apiUrl} did not become ready within ${READY_SECONDS} s: ${last}`);
}
