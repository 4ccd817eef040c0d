import type { StoredEvent } from '@trawl/store';
import type { Services } from './services.js';

const BATCH = 500;
/** A lost wake-up delays an event by at most this. */
const POLL_MS = 15_000;

/**
 * The events of a sweep after `after`, in order and without gaps, then new ones as they come, until
 * `signal` aborts. The wait is set up before the read, so nothing falls between the two.
 */
export async function* eventStream(
  sweepId: string,
  after: number,
  signal: AbortSignal,
  { store, wakeups }: Services,
): AsyncGenerator<StoredEvent> {
  let seq = after;
  while (!signal.aborted) {
    const turn = new AbortController();
    const woken = wakeups.next(sweepId, POLL_MS, AbortSignal.any([signal, turn.signal]));
    try {
      const events = await store.events.since(sweepId, seq, BATCH);
      for (const event of events) {
        yield event;
        seq = event.seq;
      }
      if (events.length === 0) await woken;
    } finally {
      turn.abort();
    }
  }
}
