import type { Tracing } from './contract.js';

export interface RunInQueue {
  runId: string;
  fence: number;
  /** Of its way into the queue. */
  traceparent?: string | undefined;
}

/**
 * Puts runs into a queue, each within a span, and has their jobs carry its context.
 * @param traceparents of the sweeps of runs, by run; those that have none are not traced
 */
export function spanOfDispatch(
  tracing: Tracing,
  traceparents: (runIds: string[]) => Promise<ReadonlyMap<string, string>>,
) {
  return async <R extends RunInQueue>(
    runs: readonly R[],
    add: (runs: readonly R[]) => Promise<void>,
  ): Promise<void> => {
    if (!tracing.on || runs.length === 0) return add(runs);
    const parents = await traceparents(runs.map(({ runId }) => runId));
    const begun = runs.map((run) => {
      const parent = parents.get(run.runId);
      const attributes = { 'trawl.run': run.runId, 'trawl.fence': run.fence };
      const span = parent === undefined ? null : tracing.start('dispatch', { parent, attributes });
      return { span, run: span?.traceparent ? { ...run, traceparent: span.traceparent } : run };
    });
    try {
      await add(begun.map(({ run }) => run));
      for (const { span } of begun) span?.end();
    } catch (error) {
      for (const { span } of begun) span?.end({ error: String(error) });
      throw error;
    }
  };
}
