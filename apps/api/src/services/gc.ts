import type { GcReport } from '@trawl/spec';
import { ProblemError } from '../problems.js';
import type { Services } from './services.js';

/** @throws ProblemError 409 while a backup is made. */
export async function collectGarbage(dryRun: boolean, services: Services): Promise<GcReport> {
  const { store, files, graceSeconds } = services;
  const report = await store.artifacts.gc(files, { graceSeconds, dryRun });
  if (report !== null) return report;
  throw new ProblemError('conflict', 'A backup is being made: nothing is deleted until it is done.');
}
