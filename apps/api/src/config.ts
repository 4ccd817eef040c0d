import { resolve } from 'node:path';
import { readEnvironment } from '@trawl/settings';
import { LEASE_SECONDS } from '@trawl/store';
import { z } from 'zod';
import { isLoopback } from './loopback.js';

const MEGABYTE = 1_000_000;

const megabytes = (given: number) =>
  z.coerce
    .number()
    .positive()
    .default(given)
    .transform((size) => Math.floor(size * MEGABYTE));

/** The api's knobs. The only reader of `process.env` in this app. */
const Environment = z.object({
  /** postgres://: the truth, and the queue too where REDIS_URL is absent. */
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
  /** All roles must have the same: a worker waits only on the queue that it knows of. */
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must be a redis:// or rediss:// URL')
    .optional(),
  /** 127.0.0.1 serves this machine only; 0.0.0.0 opens it to the network. */
  TRAWL_HOST: z.string().min(1).default('127.0.0.1'),
  /** Whether callers must show an API key. auto: where the api is reached by more than its own machine. */
  TRAWL_AUTH: z.enum(['auto', 'on', 'off']).default('auto'),
  /** Requests of one key, or of one address without a key, on average over 10 s; 0 is no limit. */
  TRAWL_RATE_LIMIT_PER_SECOND: z.coerce.number().min(0).default(200),
  /** 0 takes a free port. */
  TRAWL_PORT: z.coerce.number().int().min(0).max(65_535).default(7070),
  /** Artifacts lie in its folder `artifacts`, unless TRAWL_ARTIFACTS says otherwise. */
  TRAWL_DATA_DIR: z.string().min(1).default('./.trawl'),
  /** s3://BUCKET or s3://BUCKET/PREFIX keeps artifacts in S3; several api then need no common disk. */
  TRAWL_ARTIFACTS: z
    .string()
    .regex(/^s3:\/\/[a-z0-9][a-z0-9.-]+(\/.*)?$/, 'must be s3://BUCKET or s3://BUCKET/PREFIX')
    .optional(),
  /** For S3 that is not AWS's: MinIO, Garage, Ceph, R2. */
  AWS_ENDPOINT_URL_S3: z.url().optional(),
  /** Read by the AWS SDK itself, as its other variables, profiles and roles are. */
  AWS_REGION: z.string().optional(),
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  /** Colon-separated folders under which dataset paths are looked up; nothing outside is ever opened. */
  TRAWL_DATA_ROOTS: z.string().default('./data'),
  TRAWL_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Connections to Postgres. A request holds one for milliseconds, an open event stream holds none. */
  TRAWL_DATABASE_POOL_SIZE: z.coerce.number().int().min(1).default(10),
  /** A larger sweep spec gets a 413. */
  TRAWL_SPEC_LIMIT_MEGABYTES: megabytes(10),
  /** A larger file of a run gets a 413: raise it for models of a billion parameters and more. */
  TRAWL_ARTIFACT_LIMIT_MEGABYTES: megabytes(4_096),
  /** A larger dataset gets a 413. */
  TRAWL_DATASET_LIMIT_MEGABYTES: megabytes(65_536),
  /** Files that nobody needs any more are deleted when they are so old: what an upload under way has sent stays. */
  TRAWL_GC_GRACE_MINUTES: z.coerce.number().min(1).default(60),
  /** Time between two looks for such files; 0 leaves them to `trawl gc`. */
  TRAWL_GC_MINUTES: z.coerce.number().min(0).max(10_000).default(15),
  /** Time that open requests get to finish after SIGTERM. */
  TRAWL_CLOSE_SECONDS: z.coerce.number().positive().default(10),
  /** An OpenTelemetry collector, as http://127.0.0.1:4318: spans go to its /v1/traces. Without it none are recorded. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  /** Read by OpenTelemetry's exporter itself: name=value, comma-separated, as for a collector that asks for a key. */
  OTEL_EXPORTER_OTLP_HEADERS: z.string().optional(),
  /** For tests only, the same in all roles: how long a claim or a renewal of a run holds. */
  TRAWL_LEASE_SECONDS: z.coerce.number().min(2).max(600).default(LEASE_SECONDS),
});

export type Config = ReturnType<typeof readConfig>;

/** @throws Error naming each variable that is missing or illegal. */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const e = readEnvironment(Environment, env);
  return {
    databaseUrl: e.DATABASE_URL,
    queueUrl: e.REDIS_URL ?? e.DATABASE_URL,
    host: e.TRAWL_HOST,
    port: e.TRAWL_PORT,
    requestsPerSecond: e.TRAWL_RATE_LIMIT_PER_SECOND,
    keysRequired: e.TRAWL_AUTH === 'auto' ? !isLoopback(e.TRAWL_HOST) : e.TRAWL_AUTH === 'on',
    dataDir: resolve(e.TRAWL_DATA_DIR),
    artifacts: { url: e.TRAWL_ARTIFACTS ?? null, endpoint: e.AWS_ENDPOINT_URL_S3 ?? null },
    dataRoots: e.TRAWL_DATA_ROOTS.split(':')
      .filter((root) => root !== '')
      .map((root) => resolve(root)),
    logLevel: e.TRAWL_LOG_LEVEL,
    poolSize: e.TRAWL_DATABASE_POOL_SIZE,
    limits: {
      spec: e.TRAWL_SPEC_LIMIT_MEGABYTES,
      artifact: e.TRAWL_ARTIFACT_LIMIT_MEGABYTES,
      dataset: e.TRAWL_DATASET_LIMIT_MEGABYTES,
    },
    gcGraceSeconds: e.TRAWL_GC_GRACE_MINUTES * 60,
    gcSeconds: e.TRAWL_GC_MINUTES * 60,
    leaseSeconds: e.TRAWL_LEASE_SECONDS,
    closeSeconds: e.TRAWL_CLOSE_SECONDS,
    otlpEndpoint: e.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
  };
}
