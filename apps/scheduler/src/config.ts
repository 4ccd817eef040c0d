import { readEnvironment } from '@trawl/settings';
import { z } from 'zod';

/** The scheduler's knobs. The only reader of `process.env` in this app. */
const ConfigSchema = z.object({
  /** postgres://: the truth, and the queue too where REDIS_URL is absent. */
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
  /** All roles must have the same: a worker waits only on the queue that it knows of. */
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must be a redis:// or rediss:// URL')
    .optional(),
  /** `info` has a line for every change that the scheduler makes. */
  TRAWL_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

export interface Config {
  databaseUrl: string;
  queueUrl: string;
  logLevel: z.output<typeof ConfigSchema>['TRAWL_LOG_LEVEL'];
}

/** @throws Error naming each variable that is missing or illegal. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const { DATABASE_URL, REDIS_URL, TRAWL_LOG_LEVEL } = readEnvironment(ConfigSchema, env);
  return { databaseUrl: DATABASE_URL, queueUrl: REDIS_URL ?? DATABASE_URL, logLevel: TRAWL_LOG_LEVEL };
}
