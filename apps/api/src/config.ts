import { z } from 'zod';

const MEGABYTE = 1_000_000;

/** The api's knobs. The only reader of `process.env` in this app. */
export const ConfigSchema = z.object({
  /** postgres://: the truth, and the queue too where REDIS_URL is absent. */
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must be a redis:// URL')
    .optional(),
  /** 127.0.0.1 serves this machine only; 0.0.0.0 opens it to the network, which has no login yet. */
  TRAWL_HOST: z.string().min(1).default('127.0.0.1'),
  /** 0 takes a free port. */
  TRAWL_PORT: z.coerce.number().int().min(0).max(65_535).default(7070),
  /** Artifacts lie in its folder `artifacts`. */
  TRAWL_DATA_DIR: z.string().min(1).default('./.trawl'),
  /** Colon-separated folders under which dataset paths are looked up; nothing outside is ever opened. */
  TRAWL_DATA_ROOTS: z
    .string()
    .default('./data')
    .transform((roots) => roots.split(':').filter((root) => root !== '')),
  TRAWL_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Connections to Postgres. Each open event stream needs none; each request holds one for milliseconds. */
  TRAWL_DATABASE_POOL_SIZE: z.coerce.number().int().min(1).default(10),
  /** A sweep spec larger than this gets a 413. The longest legal one (100,000 listed cells) has about 5 MB. */
  TRAWL_SPEC_LIMIT_MEGABYTES: z.coerce.number().positive().default(10).transform(toBytes),
  /** One artifact of a run: weights, a movie. Raise it for models above a billion parameters. */
  TRAWL_ARTIFACT_LIMIT_MEGABYTES: z.coerce.number().positive().default(4_096).transform(toBytes),
  /** Time that open requests get to finish after SIGTERM. */
  TRAWL_CLOSE_SECONDS: z.coerce.number().positive().default(10),
});
export type Config = z.output<typeof ConfigSchema>;

function toBytes(megabytes: number): number {
  return Math.floor(megabytes * MEGABYTE);
}

/** @throws Error naming each variable that is missing or illegal. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const parsed = ConfigSchema.safeParse(env);
  if (parsed.success) return parsed.data;
  throw new Error(`The environment is not right:\n${z.prettifyError(parsed.error)}`);
}
