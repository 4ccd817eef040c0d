import type { Events, StoredEvent } from '@trawl/store';
import type { Wakeups } from './wakeups.js';

interface Sources {
  store: { events: Events };
  wakeups: Wakeups;
}

const BATCH = 500;
/** A lost wake-up delays an event by at most this. */
const POLL_MS = 15_000;

/** An event's place in a stream: `seq` within its sweep, `id` among those of all sweeps. */
export const placeOf = (event: StoredEvent, sweepId: string | null): number =>
  sweepId === null ? event.id : event.seq;

/**
 * Events of a sweep (null: of all sweeps, or of those of a project) after a place, in order and without gaps, then new ones as they
 * come, until `signal` aborts or the sweep is deleted. Each wait is set up before the read, so nothing
 * falls between the two.
 */
export async function* eventStream(
  sweepId: string | null,
  after: number,
  signal: AbortSignal,
  { store, wakeups }: Sources,
  project: string | null = null,
): AsyncGenerator<StoredEvent> {
  let place = after;
  while (!signal.aborted) {
    const turn = new AbortController();
    const woken = wakeups.next(sweepId, POLL_MS, AbortSignal.any([signal, turn.signal]));
    try {
      const events = await store.events.since(sweepId, place, BATCH, project);
      for (const event of events) {
        yield event;
        place = placeOf(event, sweepId);
      }
      if (events.length > 0) continue;
      if ((await store.events.last(sweepId)) < place) return;
      await woken;
    } finally {
      turn.abort();
    }
  }
}
