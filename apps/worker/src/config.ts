import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { apiKeyShape, readApiKey, readEnvironment } from '@trawl/settings';
import { z } from 'zod';

const seconds = (given: number) => z.coerce.number().positive().default(given);
const list = z.string().transform((text) => text.split(/[:,]/).filter((item) => item !== ''));

const Environment = z.object({
  /** postgres://: the truth, and the queue too where REDIS_URL is absent. */
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must be a redis:// URL')
    .optional(),
  /** Files go up to and come down from here; metrics and states go straight to Postgres. */
  TRAWL_API_URL: z.url().default('http://127.0.0.1:7070'),
  /** For an api that asks for keys: of scope submit, without a project. */
  ...apiKeyShape,
  /** Attempts work in its folder `work`, downloads are kept in its folder `cache`. */
  TRAWL_DATA_DIR: z.string().min(1).default('./.trawl'),
  /** Colon-separated folders under which dataset paths are looked up. */
  TRAWL_DATA_ROOTS: z.string().default('./data'),
  /** What fetched datasets and weights may take in the folder `cache`; those used longest ago go first. */
  TRAWL_DATASET_CACHE_GIGABYTES: z.coerce.number().positive().default(100),
  /** Which queue to serve. `auto`: gpu where nvidia-smi finds a device and TRAWL_BACKEND can use one. */
  TRAWL_CAPABILITY: z.enum(['auto', 'cpu', 'gpu']).default('auto'),
  /** Comma-separated GPUs, by number or UUID; default all that nvidia-smi lists. */
  TRAWL_DEVICES: list.optional(),
  /** Native TensorFlow builds lie in its folder `trawl/native`. Default: ~/.cache. */
  XDG_CACHE_HOME: z.string().optional(),
  TRAWL_BACKEND: z.enum(['auto', 'tfjs-node-gpu', 'wasm', 'cpu']).default('auto'),
  /** Trainers at once. Default: one a GPU, else one a core. With more than GPUs, runs share one while their gpuShare fit. */
  TRAWL_SLOTS: z.coerce.number().int().min(1).max(256).optional(),
  /** CPU threads of one trainer. Default: cores over slots. Other numbers of threads give other last digits. */
  TRAWL_THREADS: z.coerce.number().int().min(1).max(1024).optional(),
  /**
   * Runs that one trainer process trains, one after the other, while they leave nothing behind in it: a start takes
   * a second or two. 1: a new process for each.
   */
  TRAWL_WARM_RUNS: z.coerce.number().int().min(1).max(1_000_000).default(100),
  /** Training time between checkpoints: what a lost attempt costs at most, against time spent writing. */
  TRAWL_CHECKPOINT_SECONDS: seconds(60),
  /** After SIGTERM trainers must have checkpointed and uploaded within this, or they are killed. */
  TRAWL_DRAIN_SECONDS: seconds(20),
  /** A paused or timed-out trainer that has not stopped after this is killed; its last checkpoint stands. */
  TRAWL_STOP_SECONDS: seconds(60),
  TRAWL_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** An OpenTelemetry collector, as http://127.0.0.1:4318: spans go to its /v1/traces. Without it none are recorded. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  /** Read by OpenTelemetry's exporter itself: name=value, comma-separated, as for a collector that asks for a key. */
  OTEL_EXPORTER_OTLP_HEADERS: z.string().optional(),
  /** Trainers append what they did to this file as JSON lines: a witness beside the database. */
  TRAWL_TRAINER_LOG: z.string().optional(),
  /** For tests only: a module that stands in for the models and what they load (trainer/equipment.ts). */
  TRAWL_TRAINER_MODULE: z.string().optional(),
  /** For tests only, the same in all roles: how long a claim or a renewal of a run holds. */
  TRAWL_LEASE_SECONDS: z.coerce.number().min(2).max(600).default(30),
  /** For tests only: switches protections off, to show that the tests see it. */
  TRAWL_UNSAFE: list.pipe(z.array(z.enum(['noFence', 'noCas', 'noLease', 'noReaper']))).default([]),
});

export type Config = ReturnType<typeof readConfig>;

/** What a trainer process is told on its command line. */
export const TrainerSettings = z.object({
  supervisorPid: z.int(),
  backend: Environment.shape.TRAWL_BACKEND.unwrap(),
  threads: z.int().min(1),
  /** The GPU as shown to people; null on the CPU. */
  device: z.string().nullable(),
  /** The process ends after so many. */
  runs: z.int().min(1),
  /** Absolute path or null. */
  trainerLog: z.string().nullable(),
  trainerModule: z.string().nullable(),
  /** XDG_CACHE_HOME, or null for its default. */
  cacheHome: z.string().nullable(),
});
export type TrainerSettings = z.infer<typeof TrainerSettings>;

/** Secrets that a trainer has no use for. */
const WITHHELD = ['DATABASE_URL', 'REDIS_URL', 'TRAWL_API_KEY', 'TRAWL_API_KEY_FILE', 'OTEL_EXPORTER_OTLP_HEADERS'];

/** @throws Error naming each variable that is missing or illegal. */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const e = readEnvironment(Environment, env);
  return {
    databaseUrl: e.DATABASE_URL,
    queueUrl: e.REDIS_URL ?? e.DATABASE_URL,
    apiUrl: e.TRAWL_API_URL.replace(/\/+$/, ''),
    apiKey: readApiKey(e),
    dataDir: resolve(e.TRAWL_DATA_DIR),
    dataRoots: e.TRAWL_DATA_ROOTS.split(':')
      .filter((root) => root !== '')
      .map((root) => resolve(root)),
    datasetCacheBytes: e.TRAWL_DATASET_CACHE_GIGABYTES * 1e9,
    capability: e.TRAWL_CAPABILITY,
    devices: e.TRAWL_DEVICES ?? null,
    backend: e.TRAWL_BACKEND,
    slots: e.TRAWL_SLOTS ?? null,
    threads: e.TRAWL_THREADS ?? null,
    cores: availableParallelism(),
    warmRuns: e.TRAWL_WARM_RUNS,
    checkpointSeconds: e.TRAWL_CHECKPOINT_SECONDS,
    drainSeconds: e.TRAWL_DRAIN_SECONDS,
    stopSeconds: e.TRAWL_STOP_SECONDS,
    logLevel: e.TRAWL_LOG_LEVEL,
    trainerLog: e.TRAWL_TRAINER_LOG === undefined ? null : resolve(e.TRAWL_TRAINER_LOG),
    cacheHome: e.XDG_CACHE_HOME ?? null,
    trainerModule: e.TRAWL_TRAINER_MODULE === undefined ? null : resolve(e.TRAWL_TRAINER_MODULE),
    leaseSeconds: e.TRAWL_LEASE_SECONDS,
    otlpEndpoint: e.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    unsafe: {
      noFence: e.TRAWL_UNSAFE.includes('noFence'),
      noCas: e.TRAWL_UNSAFE.includes('noCas'),
      noLease: e.TRAWL_UNSAFE.includes('noLease'),
    },
    /** The environment that trainers inherit. */
    trainerEnv: Object.fromEntries(Object.entries(env).filter(([name]) => !WITHHELD.includes(name))),
  };
}
