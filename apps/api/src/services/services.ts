import type { RunQueue } from '@trawl/queue';
import type { CheckEnv } from '@trawl/search';
import type { RankedCell } from '@trawl/spec';
import type { ArtifactFiles, Store } from '@trawl/store';
import type { Tracing } from '@trawl/tracing';
import type { Answers } from './answers.js';
import type { Wakeups } from './wakeups.js';

/** All that the routes reach beyond themselves: `main.ts` makes it from the environment, tests make their own. */
export interface Services extends CheckEnv {
  store: Store;
  files: ArtifactFiles;
  /** Folders below which the paths of datasets are looked up. */
  dataRoots: readonly string[];
  /** One a capability. */
  queues: readonly RunQueue[];
  wakeups: Wakeups;
  /** Whole ones. */
  rankings: Answers<RankedCell[]>;
  tracing: Tracing;
  limits: Limits;
  /** Garbage younger than this is left alone. */
  graceSeconds: number;
}

/** Bytes of a request body. */
export interface Limits {
  spec: number;
  artifact: number;
  dataset: number;
}
