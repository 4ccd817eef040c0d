import { readEnvironment } from '@trawl/settings';
import { LEASE_SECONDS } from '@trawl/store';
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
  /** Time that the round under way gets to finish after SIGTERM. */
  TRAWL_CLOSE_SECONDS: z.coerce.number().positive().default(10),
  /** An OpenTelemetry collector, as http://127.0.0.1:4318: spans go to its /v1/traces. Without it none are recorded. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  /** Read by OpenTelemetry's exporter itself: name=value, comma-separated, as for a collector that asks for a key. */
  OTEL_EXPORTER_OTLP_HEADERS: z.string().optional(),
  /** For tests only, the same in all roles: how long a claim or a renewal of a run holds. */
  TRAWL_LEASE_SECONDS: z.coerce.number().min(2).max(600).default(LEASE_SECONDS),
  /** For tests only: switches protections off, to show that the tests see it. */
  TRAWL_UNSAFE: z.string().default(''),
});

export interface Config {
  databaseUrl: string;
  queueUrl: string;
  leaseSeconds: number;
  noReaper: boolean;
  logLevel: z.output<typeof ConfigSchema>['TRAWL_LOG_LEVEL'];
  closeSeconds: number;
  otlpEndpoint: string | null;
}

/** @throws Error naming each variable that is missing or illegal. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const e = readEnvironment(ConfigSchema, env);
  return {
    leaseSeconds: e.TRAWL_LEASE_SECONDS,
    noReaper: e.TRAWL_UNSAFE.split(',').includes('noReaper'),
    databaseUrl: e.DATABASE_URL,
    queueUrl: e.REDIS_URL ?? e.DATABASE_URL,
    logLevel: e.TRAWL_LOG_LEVEL,
    closeSeconds: e.TRAWL_CLOSE_SECONDS,
    otlpEndpoint: e.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
  };
}
