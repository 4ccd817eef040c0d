import { type Curve, metricName, nextRunState, type RunDetail, type RunState } from '@trawl/spec';
import { found, ProblemError, parameterProblem } from '../problems.js';
import type { Services } from './services.js';
import { requireInstalled } from './stages.js';

export async function runDetail(id: string, { store }: Services): Promise<RunDetail> {
  return found(await store.runs.detail(id), 'run', id);
}

const LEGAL: Record<RunState, string> = {
  queued: 'pause, resume, cancel',
  running: 'pause, resume, cancel',
  succeeded: 'nothing; a refit gives more seeds of its cell',
  failed: 'retry',
  cancelled: 'retry',
};

/** @throws ProblemError 404 for an unknown run, 409 where its state forbids the action. */
export async function controlRun(
  id: string,
  action: 'cancel' | 'pause' | 'resume' | 'retry',
  services: Services,
): Promise<RunDetail> {
  if (action === 'retry') {
    const run = await runDetail(id, services);
    if (nextRunState(run.state, { kind: 'retried' }) !== null) requireInstalled(`run ${id}`, run, services);
  }
  const state = await services.store.runs[action](id);
  const detail = await runDetail(id, services);
  if (state !== null) return detail;
  const sweep = await services.store.sweeps.detail(detail.sweepId);
  const legal = sweep?.state === 'cancelled' ? 'nothing, its sweep is cancelled' : LEGAL[detail.state];
  const held = detail.paused === true ? ', paused' : '';
  throw new ProblemError('conflict', `The run is ${detail.state}${held}: it cannot ${action}; legal now: ${legal}.`);
}

/** Curves of a run; a name that its model never reports is refused with those that it does. */
export async function curves(
  id: string,
  query: { names?: string[] | undefined; points?: number | undefined },
  services: Services,
): Promise<Curve[]> {
  const { model } = await runDetail(id, services);
  const card = services.catalog.get(model);
  const legal = card?.metrics.flatMap((m) => m.splits.map((split) => metricName(split, m.name)));
  const unknown = query.names?.find((name) => legal?.every((each) => each !== name));
  if (legal && unknown !== undefined) {
    throw parameterProblem('names', `model ${model} reports no such metric`, unknown, legal.join(', '));
  }
  return services.store.metrics.curves(id, { names: query.names, maxPoints: query.points });
}
