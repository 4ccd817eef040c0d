import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { nativeDirectory } from '@trawl/nn/native';
import { apiKeyShape, readApiKey, readEnvironment } from '@trawl/settings';
import { z } from 'zod';

const Environment = z.object({
  /** Where runs, artifacts and the embedded Postgres live. */
  TRAWL_DATA_DIR: z.string().default('.trawl'),
  /** Folders that a spec's dataset paths are relative to, colon-separated. */
  TRAWL_DATA_ROOTS: z.string().default('data'),
  TRAWL_HOST: z.string().default('127.0.0.1'),
  /** 0 takes any free port. */
  TRAWL_PORT: z.coerce.number().int().min(0).max(65_535).default(7070),
  /** An API elsewhere; without it the one that `.trawl/stack.json` names. */
  TRAWL_API_URL: z.url({ protocol: /^https?$/, error: 'must be a URL as http://127.0.0.1:7070' }).optional(),
  /** For an api that asks for keys; that of a stack on this machine needs none here. */
  ...apiKeyShape,
  /** With it no embedded Postgres is started. */
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'must be a URL as postgres://user:password@host:5432/name' })
    .optional(),
  /** With it BullMQ runs on Redis instead of Postgres. */
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a URL as redis://host:6379' }).optional(),
  TRAWL_BACKEND: z.enum(['auto', 'tfjs-node-gpu', 'wasm', 'cpu']).default('auto'),
  /** What the roles are given, and how long `trawl up` therefore waits for them. */
  TRAWL_DRAIN_SECONDS: z.coerce.number().positive().default(20),
  TRAWL_CLOSE_SECONDS: z.coerce.number().positive().default(10),
  /** Where native TensorFlow builds are kept. */
  XDG_CACHE_HOME: z.string().optional(),
});

/** Environment of this process, passed on to the processes that `trawl up` starts. */
export const environment = (): NodeJS.ProcessEnv => ({ ...process.env });

export type Config = ReturnType<typeof readConfig>;

/** @throws Error naming each variable that is illegal. */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const e = readEnvironment(Environment, env);
  return {
    dataDir: resolve(e.TRAWL_DATA_DIR),
    dataRoots: e.TRAWL_DATA_ROOTS.split(':')
      .filter((root) => root !== '')
      .map((root) => resolve(root)),
    host: e.TRAWL_HOST,
    port: e.TRAWL_PORT,
    apiUrl: e.TRAWL_API_URL,
    apiKey: readApiKey(e),
    databaseUrl: e.DATABASE_URL,
    redisUrl: e.REDIS_URL,
    backend: e.TRAWL_BACKEND,
    drainSeconds: e.TRAWL_DRAIN_SECONDS,
    closeSeconds: e.TRAWL_CLOSE_SECONDS,
    nativeCacheDir: nativeDirectory(e.XDG_CACHE_HOME),
  };
}

/** What a running `trawl up` tells other processes of this machine. */
export const StackFile = z.object({
  apiUrl: z.string(),
  databaseUrl: z.string(),
  redisUrl: z.string().nullable(),
  /** Of scope admin, for commands on this machine; it works while the stack runs. */
  apiKey: z.string(),
  pid: z.int(),
});
export type StackFile = z.infer<typeof StackFile>;

export const stackFilePath = (dataDir: string): string => join(dataDir, 'stack.json');

/** The running stack of a data directory, or null where none is (a file left by a dead one counts as none). */
export function readStackFile(dataDir: string): StackFile | null {
  const path = stackFilePath(dataDir);
  if (!existsSync(path)) return null;
  const parsed = StackFile.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) return null;
  try {
    process.kill(parsed.data.pid, 0);
    return parsed.data;
  } catch {
    return null;
  }
}
