import { dispatch } from '@trawl/queue/dispatch';
import type { FastifyBaseLogger } from 'fastify';
import type { Services } from './services.js';

/** Hands new runs to the queue at once. A failure costs only time: the scheduler repairs. */
export async function dispatchRuns({ store, queues }: Services, log: FastifyBaseLogger): Promise<void> {
  try {
    await dispatch(store, queues);
  } catch (error) {
    log.warn({ err: error }, 'dispatch failed; the scheduler will do it');
  }
}
