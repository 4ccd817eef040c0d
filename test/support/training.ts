import type { RunView, Summary } from '@trawl/spec';
import type { ClaimedRun, Store } from '@trawl/store';

/* Runs brought through their states by the store's own calls, as a worker would, without training anything. */

export async function registerWorker(store: Store): Promise<string> {
  return store.workers.register({
    host: 'test',
    pid: 1,
    slots: 4,
    capability: 'cpu',
    devices: ['cpu'],
    version: '0.0.0',
  });
}

export async function runsOf(store: Store, sweepId: string, stage?: string): Promise<RunView[]> {
  return (await store.runs.page(sweepId, { stage, limit: 500 })).items;
}

export async function claim(store: Store, workerId: string, run: Pick<RunView, 'id' | 'fence'>): Promise<ClaimedRun> {
  const claimed = await store.runs.claim(run.id, run.fence, workerId);
  if (claimed === null) throw new Error(`run ${run.id} could not be claimed at fence ${run.fence}`);
  return claimed;
}

/** Ends every queued run of a stage: with its summary, or diverged where `summaryOf` gives null. */
export async function finishRuns(
  store: Store,
  workerId: string,
  { sweepId, stage }: { sweepId: string; stage: string },
  summaryOf: (run: RunView) => Summary | null,
): Promise<void> {
  for (const run of await runsOf(store, sweepId, stage)) {
    if (run.state !== 'queued') continue;
    const { fence } = await claim(store, workerId, run);
    const summary = summaryOf(run);
    if (summary === null) await store.runs.fail(run.id, fence, 'diverged', 'loss is NaN at step 3');
    else await store.runs.succeed(run.id, fence, summary);
  }
}
