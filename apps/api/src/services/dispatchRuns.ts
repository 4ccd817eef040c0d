import { dispatch } from '@trawl/queue/dispatch';
import { spanOfDispatch } from '@trawl/tracing';
import type { FastifyBaseLogger } from 'fastify';
import type { Services } from './services.js';

/** Hands new runs to the queue at once. A failure costs only time: the scheduler repairs. */
export async function dispatchRuns({ store, queues, tracing }: Services, log: FastifyBaseLogger): Promise<void> {
  try {
    const adding = spanOfDispatch(tracing, (runIds) => store.runs.traceparents(runIds));
    await dispatch(store, queues, adding);
  } catch (error) {
    log.warn({ err: error }, 'dispatch failed; the scheduler will do it');
  }
}
