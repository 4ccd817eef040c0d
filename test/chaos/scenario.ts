import type { Expected } from './invariants.js';
import type { QueueKind, Site } from './site.js';

/** Something that goes wrong while a sweep runs, after which the sweep must have succeeded as if it had not. */
export interface Scenario {
  name: string;
  /** In words: what dies, for the docs and for people. */
  what: string;
  /** Where it makes sense; both by default. */
  queues?: QueueKind[];
  cells?: number;
  /** Parameters of the stub that go over the usual ones. */
  stub?: Record<string, unknown>;
  execution?: Record<string, unknown>;
  /** By default a run may fail often: it is lost as often as it is hit. */
  mostFailures?: number;
  overlap?: Expected['overlap'];
  /** More environment for workers. */
  worker?: (site: Site) => Promise<Record<string, string>>;
  /** How many start before the sweep is posted; 2 by default. */
  workers?: number;
  /** Arguments of the api's start, as `['unshare', '-rm']`. */
  api?: (site: Site) => string[];
  /** Returns when all that goes wrong has gone wrong. What it returns is wrong. */
  play(site: Site, sweepId: string): Promise<string[] | void>;
}

/** Of the usual stub: 20 steps of 60 ms with a checkpoint every 4, and a file at the end. */
export const STUB = { epochs: 4, steps_per_epoch: 5, ms_per_step: 60, checkpoint_steps: 4, artifact_bytes: 20_000 };
