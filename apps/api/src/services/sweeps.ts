import type { SweepDetail, SweepState, SweepView } from '@trawl/spec';
import type { Page } from '@trawl/store';
import { found, ProblemError } from '../problems.js';
import type { Caller } from './caller.js';
import type { Services } from './services.js';

export async function sweepDetail(id: string, { store }: Services): Promise<SweepDetail> {
  return found(await store.sweeps.detail(id), 'sweep', id);
}

interface SweepsQuery {
  project?: string | undefined;
  cursor?: string | undefined;
  limit: number;
}

/** Newest first, of what the caller may see. */
export async function sweepsOf(caller: Caller, query: SweepsQuery, { store }: Services): Promise<Page<SweepView>> {
  const project = caller.project ?? query.project;
  if (query.project !== undefined && query.project !== project) return { items: [], nextCursor: null };
  return store.sweeps.list({ ...query, project });
}

/** What a sweep allows in each state, for the 409. */
const LEGAL: Record<SweepState, string> = {
  running: 'pause, cancel, refit, extend',
  paused: 'resume, cancel, refit, extend',
  awaiting_review: 'approve the waiting stage, cancel, refit, extend',
  succeeded: 'refit, extend, delete',
  failed: 'refit, extend, retry of a run, delete',
  cancelled: 'delete',
};

export type SweepAction = 'pause' | 'resume' | 'cancel';

/** @throws ProblemError 404 for an unknown sweep, 409 where its state forbids the action. */
export async function control(id: string, action: SweepAction, services: Services): Promise<SweepDetail> {
  const state = await services.store.sweeps[action](id);
  const detail = await sweepDetail(id, services);
  if (state === null) throw illegal(detail.state, action);
  return detail;
}

export function illegal(state: SweepState, action: string): ProblemError {
  return new ProblemError('conflict', `The sweep is ${state}: it cannot ${action}; legal now: ${LEGAL[state]}.`);
}

/** Deletes a finished sweep with its files. */
export async function deleteSweep(id: string, services: Services): Promise<void> {
  const { state } = await sweepDetail(id, services);
  if (state === 'running' || state === 'paused' || state === 'awaiting_review') throw illegal(state, 'be deleted');
  const orphans = found(await services.store.sweeps.delete(id), 'sweep', id);
  await services.store.artifacts.discard(services.files, orphans);
}
